#!/usr/bin/env bash
# Rehearse on a clean machine: the README's two commands in a minimal Debian 12 with only python3 and pip.
#
#   sudo development/clean_machine.sh [--worktree] [--user] [COMMAND...]
#
#   --worktree   copy the files as they lie here instead of a clone of the last commit
#   --user       as an ordinary user: see the first command refused with exit 4 and its apt line, run that line as
#                root, go on as that user
#   COMMAND...   one argument each, instead of "python3 dev.py run" and "python3 dev.py test"
#
# The tree is made once by debootstrap and kept as an archive; every rehearsal unpacks it anew under CLEAN_MACHINE
# (default /var/tmp/uchastka-clean) and writes what was said to rehearsal-root.log or rehearsal-user.log there.
# Where packages come from is the host's own affair: its apt sources, pip configuration with the folders that this
# names, certificates and proxies are handed on at run time.
set -euo pipefail

release=bookworm
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=${CLEAN_MACHINE:-/var/tmp/uchastka-clean}
tree=$place/tree
archive=$place/minimal.tar
work="/srv/poll book/uchastka" # inside the tree; the space is meant

given=("$@")
copy=clone who=root
while [[ ${1-} == --* ]]; do
    case $1 in
        --worktree) copy=worktree ;;
        --user) who=clerk ;;
        *)
            sed -n '2,/^set -/s/^#\( \|$\)//p' "${BASH_SOURCE[0]}"
            exit 2
            ;;
    esac
    shift
done
if (($# == 0)); then set -- "python3 dev.py run" "python3 dev.py test"; fi

stop() {
    printf '%s\n' "$1" >&2
    exit 4
}
((EUID == 0)) || stop "debootstrap and chroot need root: sudo ${BASH_SOURCE[0]}"
command -v debootstrap >/dev/null || stop "debootstrap is missing: sudo apt-get install debootstrap"

# Namespaces of our own: the mounts end with this script, and so does every process left in the tree.
if [[ ${IN_NAMESPACE-} != yes ]]; then
    IN_NAMESPACE=yes exec unshare --mount --pid --fork --kill-child "${BASH_SOURCE[0]}" "${given[@]}"
fi

apt_sources() { # the host's source files that hold this release itself
    grep -lsE "^(Suites:|deb ).*[[:space:]]$release([[:space:]]|$)" \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list || true
}

mirror() { # the first address there that serves it
    apt_sources | xargs -r awk -v release="$release" '
        $1 == "URIs:" { uri = $2 }
        $1 == "Suites:" { for (i = 2; i <= NF; i++) if ($i == release) { print uri; exit } }
        $1 == "deb" { for (i = 2; i < NF; i++) if ($(i + 1) == release) { print $i; exit } }'
}

make_archive() {
    local from=${DEBIAN_MIRROR:-$(mirror)}
    [[ $from ]] || stop "No apt source of this machine serves $release; give one: DEBIAN_MIRROR=… $0"
    echo "Making a minimal Debian ($release) by debootstrap, once …"
    rm -rf "$place/new"
    debootstrap --variant=minbase --include=python3,python3-pip "$release" "$place/new" "$from" >"$place/debootstrap.log" ||
        stop "debootstrap failed; see $place/debootstrap.log"
    rm -rf "$place/new"/var/cache/apt/archives/*.deb "$place/new"/var/lib/apt/lists/*
    tar -C "$place/new" -cf "$archive.unfinished" .
    mv "$archive.unfinished" "$archive"
    rm -rf "$place/new"
}

hand_on_configuration() {
    rm -f "$tree"/etc/apt/sources.list "$tree"/etc/apt/sources.list.d/*
    local file
    while read -r file; do cp "$file" "$tree$file"; done < <(apt_sources)
    grep -lsE '^[^/]*Acquire' /etc/apt/apt.conf /etc/apt/apt.conf.d/* | while read -r file; do cp "$file" "$tree$file"; done || true
    cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/" 2>/dev/null || true
    mkdir -p "$tree/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$tree/usr/local/share/ca-certificates/" 2>/dev/null || true
    mkdir -p "$tree/etc/xdg/pip"
    [[ -f /etc/pip.conf ]] && cp /etc/pip.conf "$tree/etc/pip.conf"
    for file in ~/.config/pip/pip.conf ~/.pip/pip.conf; do
        [[ -f $file ]] && cp "$file" "$tree/etc/xdg/pip/pip.conf"
    done
    # The folders that it names, read-only; a folder of an index lies beside its files.
    { python3 -m pip config list | grep -oE "/[^ ']+" || true; } | sed 's:/simple/*$::; s:^//*:/:' | sort -u |
        while read -r folder; do
            [[ -d $folder && $folder != /etc/* ]] || continue
            mkdir -p "$tree$folder"
            mount --bind "$folder" "$tree$folder"
            mount -o remount,ro,bind "$tree$folder"
        done
}

unpack() {
    if mountpoint -q "$tree" || grep -q " $tree/" /proc/self/mounts; then stop "Something is mounted under $tree."; fi
    rm -rf "$tree"
    mkdir -p "$tree"
    tar -C "$tree" -xf "$archive"
    mount -t proc proc "$tree/proc"
    mount --rbind /dev "$tree/dev"
    mount --make-rslave "$tree/dev"
    hand_on_configuration
    chroot "$tree" useradd --create-home clerk
    mkdir -p "$tree$work"
    if [[ $copy == clone ]]; then
        git -c safe.directory='*' clone --quiet --no-hardlinks "$checkout" "$tree$work"
    else
        git -c safe.directory='*' -C "$checkout" ls-files -z --cached --others --exclude-standard |
            tar -C "$checkout" --null --ignore-failed-read --files-from - -cf - 2>/dev/null | tar -C "$tree$work" -xf -
    fi
    chroot "$tree" chown -R "$who" "$work"
}

network=()
while IFS= read -r -d '' variable; do
    [[ $variable =~ ^(PIP_|UV_|SSL_CERT_|REQUESTS_CA_BUNDLE=|([a-zA-Z]+_)?(proxy|PROXY)=) ]] && network+=("$variable")
done < <(env -0)

inside() { # WHO COMMAND: runs it in the tree's checkout, says how long it took, returns its status
    local user=$1 command=$2 started=$SECONDS status=0 home=/home/$1
    [[ $user == root ]] && home=/root
    printf '\n=== %s $ %s\n' "$user" "$command"
    chroot --userspec="$user" "$tree" /usr/bin/env -i HOME="$home" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${network[@]}" /bin/sh -c 'cd "$1" && eval "$2"' sh "$work" "$command" </dev/null 2>&1 || status=$?
    printf '=== exit status %s after %s s; left running: %s\n' "$status" "$((SECONDS - started))" "$(left_running)"
    return "$status"
}

left_running() { # names of the processes that live in the tree
    local process found=()
    for process in "$tree"/proc/[0-9]*; do
        [[ $(readlink "$process/root") == "$tree" ]] && found+=("$(cat "$process/comm")")
    done
    echo "${found[*]:-nothing}"
}

refused_first() { # the ordinary user is told what root must do; then root does it
    local said line status=0
    said=$(inside clerk "$1") || status=$?
    printf '%s\n' "$said"
    line=$(sed -n 's/^\(\[dev\] \)\{0,1\}sudo \(apt-get install .*\)$/\2/p' <<<"$said" | sort -u)
    if [[ $status != 4 || -z $line || $(wc -l <<<"$line") != 1 ]]; then
        echo "!!! expected exit status 4 and one apt line"
        return 1
    fi
    inside root "apt-get update -qq && DEBIAN_FRONTEND=noninteractive ${line/install/install --yes -qq} >/dev/null"
}

rehearse() {
    local command failed=0
    echo "=== $(date --utc +%FT%TZ), $copy of $(git -c safe.directory='*' -C "$checkout" describe --always --dirty 2>/dev/null || echo 'no commit')"
    if [[ $who != root ]]; then refused_first "$1" || return 1; fi
    for command; do inside "$who" "$command" || failed=1; done
    return "$failed"
}

mkdir -p "$place"
[[ -f $archive ]] || make_archive
unpack
log=$place/rehearsal-$([[ $who == root ]] && echo root || echo user).log
status=0
rehearse "$@" > >(tee "$log") || status=$?
wait
echo "=== written to $log; the tree is left in $tree"
exit "$status"
