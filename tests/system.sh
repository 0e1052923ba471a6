#!/bin/sh
# Installs the programs that the tests drive, from Debian's packages, when one of them is missing; or the packages named.
set -eu

PATH=$PATH:/usr/sbin # where sshd is, and not everybody looks

missing="$*"
[ -n "$missing" ] || [ -e /usr/share/bash-completion/bash_completion ] || library=bash-completion
[ -n "$missing" ] ||
for pair in expect:expect mandoc:mandoc tmux:tmux zsh:zsh fish:fish dash:dash vim:vim less:less ssh:openssh-client pgrep:procps sudo:sudo sshd:openssh-server; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
missing="$missing${library:+ $library}"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as=
elif sudo -n true 2>/dev/null; then
    as="sudo -n"
else
    echo "some packages are missing; run as root: apt-get install ${missing# }" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
$as apt-get update -qq
# shellcheck disable=SC2086  # a list of words is meant
$as apt-get install -y -qq --no-install-recommends $missing >/dev/null
