#!/bin/sh
# Runs a command in a mount namespace of its own (unshare -m), with a copy of /etc in which there is one account more:
# "guest", whose password is "sesame" and who may run anything by sudo. Nothing of this machine's own is touched.
set -eu

folder=$1
shift
mount --make-rprivate /
cp -a /etc "$folder/etc"
mount --bind "$folder/etc" /etc
mount -t tmpfs none /run
echo "guest:x:54321:54321::/:/bin/sh" >>/etc/passwd
echo "guest:x:54321:" >>/etc/group
echo "guest:!:19000::::::" >>/etc/shadow
echo "guest:sesame" | chpasswd
printf '%s\n' "Defaults !lecture, passwd_tries=2" "guest ALL=(ALL:ALL) ALL" >/etc/sudoers
exec "$@"
