#!/bin/sh
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

# image.sh EFIFOLDER IMAGE [WORDS]: a disk that EFI firmware boots, with one
# partition, FAT32, that holds the folder and the kernel's command line.  The
# same folder and words make the same bytes: nothing in it is the time or by
# chance.

set -eu
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1767225600
PATH=$PATH:/usr/sbin:/sbin

die()
{
	echo "make image: $*" >&2
	exit 1
}

for tool in sfdisk mformat mcopy; do
	command -v $tool >/dev/null ||
	    die "no $tool (Debian: packages fdisk and mtools, ./setup --all)"
done
folder=$1 image=$2 words=${3-}
[ -d "$folder" ] || die "no EFI program in $folder: this architecture's" \
    "arch.mk has no EFI_TARGET"

# In sectors of 512 bytes; firmware may want FAT32, which needs 33 MB.
disk=131072 start=2048 size=126976

trap 'rm -f "$image.new" "$image.words"' EXIT
rm -f "$image.new"
truncate -s $((disk * 512)) "$image.new" || die "cannot write $image.new"
sfdisk --quiet "$image.new" <<EOF
label: gpt
label-id: 706F7274-6B69-7400-8000-000000000000
start=$start, size=$size, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=706F7274-6B69-7400-8000-000000000001, name="portkit"
EOF
part=$image.new@@$((start * 512))
mformat -i "$part" -F -T $size -h 255 -s 63 -N 706f7274 -v PORTKIT ::
mcopy -i "$part" -s "$folder" ::
[ -z "$words" ] || {
	printf '%s\n' "$words" >"$image.words"
	mcopy -i "$part" "$image.words" ::cmdline.txt
}
mv "$image.new" "$image"
echo "  IMAGE  $image"
