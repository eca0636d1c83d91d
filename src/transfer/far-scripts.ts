// Programs for sh on the workspace. POSIX alone is asked for, with `tar -o`, `xargs -0` and, where there is one, `stat`.
// Each hears its values as variables, and sends bytes by `send`, see talk(). Parts are called .runcode-<key of the name>-<key of the source>.<pid>.part:
// who writes one is alive as long as that process is.

/** Finds the directory and the name of the target, and makes the directories above it. `into`: the target is a directory. */
const PLACE = `um=$(umask)
case $target in */) mkdir -p "$target" 2>/dev/null;; esac
[ "$several" = no ] || mkdir -p "$target" || fail write
if [ -d "$target" ]; then into=1; dir=\${target%/}; name=$base; key=$key_into
else into=0; dir=\${target%/*}; name=\${target##*/}; key=$key_as
mkdir -p "\${dir:-/}" || fail write; fi
final="$dir/$name"
umask 077`

const TARGET_OF_A_FILE = `${PLACE}
[ ! -d "$final" ] || fail directory
if [ -e "$final" ] || [ -h "$final" ]; then
[ "$clobber" = yes ] || fail exists
[ -f "$final" ] || [ ! -e "$final" ] || fail special
fi`

/** Whether somebody writes the part $p: who has its process. */
const WRITER = `q=\${p%.part}; q=\${q##*.}
case $q in ''|*[!0-9]*) continue;; esac`

/** What others left of this name, and nobody goes on with. */
const SWEEP = `sweep() { for p in "$dir/.runcode-$key-"*.part; do
[ ! -h "$p" ] && [ -e "$p" ] && [ "$p" != "$part" ] || continue
${WRITER}
[ "$q" = "$$" ] || ! kill -0 "$q" 2>/dev/null || continue
chmod -R u+rwX "$p"; rm -rf "$p"
done; }`

const COMMIT = `drop() { rm -f "$part"; fail "$@"; }
commit() { case $mode in =*) umask "$um";; esac
chmod "$mode" "$part" && { [ -z "$stamp" ] || TZ=UTC0 touch -t "$stamp" "$part"; } || drop write
[ ! -d "$final" ] || drop directory
if [ "$clobber" = yes ]; then mv -f "$part" "$final" || drop write
elif ln "$part" "$final" 2>/dev/null; then rm -f "$part"
elif [ -e "$final" ] || [ -h "$final" ]; then drop exists
elif ( set -C; true >"$final" ) 2>/dev/null; then mv -f "$part" "$final" || drop write
else drop exists; fi
say put; }`

/** Tells the longest part of this source that nobody writes any more: its process, its blocks, the checksum of the last one. */
export const PROBE = `${PLACE}
best=0
for p in "$dir/.runcode-$key-$source."*.part; do
[ -f "$p" ] && [ ! -h "$p" ] || continue
${WRITER}
n=0
while [ "$q" != "$$" ] && kill -0 "$q" 2>/dev/null && [ "$n" -lt 7 ]; do sleep 1; n=$((n + 1)); done
[ "$q" = "$$" ] || ! kill -0 "$q" 2>/dev/null || continue
b=$(($(wc -c <"$p") / 65536))
[ "$b" -le "$best" ] || { best=$b; old=$q; found=$p; }
done
[ "$best" = 0 ] || say part "$old" "$best" $(dd bs=65536 skip=$((best - 1)) count=1 <"$found" 2>/dev/null | $hasher)`

/** Takes a file from stdin; with \`expected\` puts it in its place as well, else COMMIT_LATER does. */
export const RECEIVE = `${TARGET_OF_A_FILE}
${SWEEP}
${COMMIT}
part="$dir/.runcode-$key-$source.$$.part"
[ "$blocks" = 0 ] || [ "$old" = "$$" ] || mv -f "$dir/.runcode-$key-$source.$old.part" "$part" || fail gone
sweep
say ready "$$" "$into"
if [ "$blocks" = 0 ]; then rm -f "$part"; set -C; cat >"$part"; r=$?; set +C
else ( dd bs=65536 skip="$blocks" count=0 <&1 >/dev/null 2>&1; exec cat ) 1<>"$part"; r=$?; fi
[ "$r" = 0 ] || drop write
have=$(($(wc -c <"$part")))
[ "$size" = - ] || [ "$have" -le "$size" ] || drop long
[ "$size" = - ] || [ "$have" -eq "$size" ] || fail short
sum=; [ "$verify" = no ] || sum=$($hasher <"$part")
say got "$have" $sum
[ -n "$expected" ] || exit 0
case " $sum" in *"$expected"*) commit;; *) drop sum;; esac`

/** Puts a part in its place, or with \`keep=no\` takes it away. */
export const COMMIT_LATER = `${PLACE}
${COMMIT}
part="$dir/.runcode-$key-$source.$old.part"
[ "$keep" = yes ] || { rm -f "$part"; exit 0; }
[ -f "$part" ] || fail gone
commit`

/** Sends a file, if no more than \`limit\` is left of it from the byte \`from\` on, which counts where it is still the known one. */
export const SEND = `[ ! -d "$path" ] || fail directory
[ -e "$path" ] || fail missing
[ -f "$path" ] || fail special
[ -r "$path" ] || fail unreadable
m=$(stat -Lc '%s %a %Y' "$path" 2>/dev/null) || m=$(stat -Lf '%z %Lp %m' "$path" 2>/dev/null) ||
m="$(($(wc -c <"$path"))) - -"
at=0; [ "$m" != "$known" ] || at=$from
[ "$exact" = no ] || [ "$m" = "$known" ] || fail changed
say file "$at" "$m"
[ "$((\${m%% *} - at))" -le "$limit" ] || exit 0
if [ "$at" = 0 ]; then send cat "$path"; else send tail -c "+$((at + 1))" "$path"; fi || exit 1
[ "$verify" = no ] || say sum $($hasher <"$path")
say end`

/** Takes a tar with the tree \`t\`, the list of its files and their checksum, and puts what is in \`t\` in its place. */
export const UNPACK = `command -v tar >/dev/null || fail tar
${PLACE}
[ "$into" = 1 ] || { [ ! -e "$final" ] && [ ! -h "$final" ]; } || fail special
${SWEEP}
part="$dir/.runcode-$key-tree.$$.part"
clear() { chmod -R u+rwX "$part"; rm -rf "$part"; } 2>/dev/null
drop() { clear; fail "$@"; }
trap 'clear; exit 1' INT TERM HUP
sweep
rm -rf "$part"; mkdir "$part" || fail write
say ready "$$" "$into"
tar -xpof - -C "$part" || drop write
[ -f "$part/sum" ] || drop short
if [ "$verify" != no ]; then
read -r expected <"$part/sum"
sum=$(cd "$part" && xargs -0 cat <list | $hasher)
case $sum in *"$expected"*) ;; *) drop sum;; esac
fi
bad=0
move='for f; do t=$d/\${f##*/}; [ -f "$t" ] || [ ! -e "$t" ] || exit 1; done; mv -f "$@" "$d"'
[ "$clobber" = yes ] || move='ln "$@" "$d" 2>/dev/null'
place() { if [ -d "$2" ]; then merge "$1" "$2"
elif [ -e "$2" ] || [ -h "$2" ]; then bad=1
else mv "$1" "$2" || bad=1; fi; }
merge() { d=$2 find "$1/." ! -name . -prune ! -type d -exec sh -c "$move" sh {} + || bad=1
for e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
[ ! -d "$e" ] || [ -h "$e" ] || place "$e" "$2/\${e##*/}"; done; }
if [ "$into" = 0 ]; then place "$part/t/$base" "$final"; else merge "$part/t" "$dir"; fi
clear
[ "$bad" = 0 ] || { [ "$clobber" = yes ] && fail write; fail some; }
say put`

/** Announces what is in \`set -- paths\`, and sends each as a tar of its own: a directory's contents, or a file. */
export const PACK = `command -v tar >/dev/null || fail tar
export COPYFILE_DISABLE=1
i=0
for p; do
[ -e "$p" ] || [ -h "$p" ] || fail missing "$i"
[ "$deep" = yes ] || [ ! -d "$p" ] || fail directory "$i"
i=$((i + 1))
done
for p; do if [ -d "$p" ]; then find $L "$p/." -exec ls $L -lnd {} +; else ls -Llnd "$p"; fi; done |
{ awk '{ n++; if (/^-/) s += $5 } END { printf "%d %.0f\\n", n, s }'; } | { read -r n s; say total "$n" "$s"; }
[ "$only" = no ] || exit 0
say home "$HOME"
for p; do
if [ -d "$p" ]; then say dir; ( cd "$p" && send tar -c\${L:+h}f - . ); r=$?
elif [ -f "$p" ]; then say file; ( cd "\${p%/*}/" && send tar -chf - "./\${p##*/}" ); r=$?
else fail special; fi
say packed "$r"
[ "$r" = 0 ] || exit 1
done
say end`

/** The checksum of the files of a list on stdin, one behind the other. */
export const SUM_OF_LIST = `say sum $(xargs -0 cat | $hasher)`
