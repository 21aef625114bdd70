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

# What the users of the plugin share: the tables of an architecture,
# md-X/proof/witness; the symbols of a kernel, and which instructions came
# from which object; the plugin for the QEMU that runs.

package Witness;

use strict;
use warnings;
no warnings "portable";	# numbers of 64 bits
use JSON::PP ();
use Elf;

# What an architecture says of itself.
sub tables {
	my ($top, $arch) = @_;
	my $file = "$top/md-$arch/proof/witness";
	my $table = do { local $@; my $t = do $file; $t // die "$file: " .
	    ($@ || $! || 'no table') . "\n" };

	return $table;
}

# The kernel at DIR/kernel.elf, as its linker map and symbol table show it.
sub kernel {
	my ($dir) = @_;
	my %k = (dir => $dir, sym => {}, at => [], obj => {});

	open my $map, '<', "$dir/kernel.map" or
	    die "$dir/kernel.map: $!; build the kernel first\n";
	while (<$map>) {
		next unless m{^\s*([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+
		    \s+(\S+)\.o:\(\.text}x;
		push @{$k{obj}{$3 =~ s{^\Q$dir\E/}{}r}},
		    [hex $1, hex($1) + hex $2] if hex $2;
	}
	symbols(\%k, "$dir/kernel.elf");
	return \%k;
}

# The symbols; those that name an address in the text in order, too.
sub symbols {
	my ($k, $file) = @_;
	my $elf = Elf::sections($file);
	my ($table, $names) = map { ($elf->{$_} // {})->{data} //
	    die "$file: no $_\n" } qw(.symtab .strtab);
	my @text = map { @$_ } values %{$k->{obj}};
	my %at;

	for (my $o = 0; $o < length $table; $o += 24) {
		my ($name, $info, undef, $section, $value) =
		    unpack 'L< C C S< Q<', substr $table, $o, 24;
		my $s = unpack 'Z*', substr $names, $name, 128;

		# Not sections and files, nor what marks code and data on
		# some architectures, nor what is elsewhere.
		next if $s eq '' || $s =~ /\A\$[a-z]/ || ($info & 15) > 2 ||
		    !$section;
		$k->{sym}{$s} //= $value;
		$at{$value} //= $s
		    if grep { $value >= $_->[0] && $value < $_->[1] } @text;
	}
	$k->{at} = [map { [$_, $at{$_}] } sort { $a <=> $b } keys %at];
}

# symbol+offset of a number.
sub where {
	my ($k, $pc) = @_;
	my ($lo, $hi) = (0, scalar @{$k->{at}});

	while ($hi - $lo > 1) {
		my $mid = ($lo + $hi) >> 1;

		($k->{at}[$mid][0] <= $pc ? $lo : $hi) = $mid;
	}
	return sprintf '0x%x', $pc unless $hi && $k->{at}[$lo][0] <= $pc;
	return sprintf '%s+0x%x', $k->{at}[$lo][1], $pc - $k->{at}[$lo][0];
}

# The ranges of an object, in the words of the plugin.
sub ranges {
	my ($k, $what, $object) = @_;
	my $r = $k->{obj}{$object} or die "$k->{dir}/kernel.map: no $object\n";

	return map { sprintf "%s %x %x\n", $what, @$_ } @$r;
}

sub symbol {
	my ($k, $name) = @_;

	return $k->{sym}{$name} //
	    die "$k->{dir}/kernel.elf: no symbol $name\n";
}

# "d5033a9f/ffffffff", a word, or "f0 0f b1", bytes, with /mask where not all
# of them count: in the plugin's words.
sub pattern {
	my ($p) = @_;

	return join ' ', map { unpack 'H*', pack 'L<', hex } split m{/}, $p
	    if $p =~ m{\A[0-9a-f]{8}/[0-9a-f]{8}\z};
	my ($bytes, $mask) = map { tr/ //dr } split m{/}, $p;
	$mask //= 'f' x length $bytes;
	die "no pattern: '$p'\n" unless $bytes =~ /\A(?:[0-9a-f]{2})+\z/ &&
	    length $bytes == length $mask;
	return "$bytes $mask";
}

# How mi/xcall lays out a queue, by the compiler that built the kernel.
sub layout {
	my ($k, $top) = @_;
	my ($json, %l);

	open my $fh, '<', "$k->{dir}/compile_commands.json" or
	    die "$k->{dir}/compile_commands.json: $!\n";
	{ local $/; $json = JSON::PP::decode_json(<$fh>); }
	my ($cc) = grep { $_->{file} eq 'mi/xcall/xcall.c' } @$json;
	my $command = $cc->{command} =~ s/ -c \S+\z//r;

	open my $asm, '-|', "$command -S -o - tests/plugin/layout.c" or
	    die "$command: $!\n";
	while (<$asm>) {
		$l{$1} = $2 if /->(\w+) [\$#]?(\d+)/;
	}
	close $asm or die "tests/plugin/layout.c does not compile\n";
	return \%l;
}

# The major version of the QEMU that boots a cell; or why there is none.  In
# the top directory of the tree.
sub version {
	my ($cell) = @_;
	my ($command) = `'$^X' tests/boot.pl --print '$cell'`;
	my ($qemu) = ($command // '') =~ /\A('[^']*'|\S+)/ or
	    return (undef, "boot.pl knows no cell $cell");
	$qemu =~ tr/'//d;
	my ($version) = `'$qemu' --version 2>/dev/null` =~ /version (\d+)\./;

	return $version // (undef, "$qemu does not say its version");
}

# The number of its plugin interface; or why there is none.
sub api {
	my ($cell) = @_;
	my ($version, $why) = version($cell);

	return (undef, $why) if !$version;
	return (1) if $version == 7 || $version == 8;
	return (4) if $version >= 10;
	return (undef, "no plugin is built for QEMU $version: 7.2 to 8.2, " .
	    "and 10.0 on");
}

1;
