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


# As much of an ELF file as tests need: its sections, by name.

package Elf;

use strict;
use warnings;

# sections(FILE): a hash of name to { addr, data }; dies with one line.
sub sections {
	my ($file) = @_;
	my (%by_name, @sections);

	open my $fh, '<:raw', $file or die "cannot read $file: $!\n";
	my $elf = do { local $/; <$fh> };
	die "$file is no ELF file\n" if substr($elf, 0, 4) ne "\x7fELF";
	my ($class, $order) = unpack 'x4 C C', $elf;
	my $e = $order == 2 ? '>' : '<';
	my ($word, $size) = $class == 2 ? ("Q$e", 64) : ("L$e", 40);
	my ($off, $n, $names) = $class == 2 ?
	    unpack("x40 Q$e x12 S$e S$e", $elf) :
	    unpack("x32 L$e x12 S$e S$e", $elf);

	for my $i (0 .. $n - 1) {
		my ($name, $type, $flags, $addr, $at, $len) = unpack
		    "L$e L$e $word $word $word $word",
		    substr $elf, $off + $i * $size, $size;

		push @sections, { name => $name, addr => $addr,
		    data => $type == 8 ? '' : substr($elf, $at, $len) };
	}
	for my $s (@sections) {
		my $name = unpack 'Z*', substr $sections[$names]{data},
		    $s->{name};

		$by_name{$name} = { addr => $s->{addr}, data => $s->{data},
		    word => $word };
	}
	return \%by_name;
}

1;
