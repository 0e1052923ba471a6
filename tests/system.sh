#!/bin/sh
# Installs the programs that the tests drive, from Debian's packages, when one of them is missing.
set -eu

missing=
for pair in expect:expect mandoc:mandoc tmux:tmux zsh:zsh fish:fish vim:vim ssh:openssh-client pgrep:procps; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then as=; else as="sudo -n"; fi
export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
$as apt-get update -qq
# shellcheck disable=SC2086  # a list of words is meant
$as apt-get install -y -qq --no-install-recommends $missing >/dev/null
