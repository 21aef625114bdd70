#!/usr/bin/env perl
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

# The points of POINT-1, in the kernels as they are built.  Every kernel has
# each point that md.h lists and no other, where code is; and the points cost
# nothing: without them every instruction is the same.

# proves points listed: POINT-1

use strict;
use warnings;
use FindBin;
use List::Util qw(max);
use Test::More;
use lib "$FindBin::Bin/../lib";
use Elf;

chdir "$FindBin::Bin/../.." or die "cannot find the top of the tree: $!\n";

my $cc = $ENV{CC} || 'clang';
chomp(my $objdump = `$cc -print-prog-name=llvm-objdump`);

# The list in md.h: a name, tabs, and what is there.
sub listed {
	my (@names, $on);

	open my $fh, '<', 'mi/include/md.h' or die "md.h: $!\n";
	while (<$fh>) {
		$on = /POINT-1/ if m{^(?: \*|/\*) [A-Z]+-\d};
		last if $on && m{\*/};
		push @names, $1 if $on && /^ \*\t(\w+)\t/;
	}
	return sort @names;
}

# Records: an address, then the name and a NUL.
sub points {
	my ($elf) = @_;
	my $s = $elf->{'.md_points'} or return ();
	my @flat = unpack "($s->{word} Z*)*", $s->{data};
	my @points;

	push @points, [splice @flat, 0, 2] while @flat;
	# Those of tests/compare are its own.
	return grep { $_->[1] !~ /\A\@/ } @points;
}

# The instructions, each with the function it is in, sorted.  Registers are
# left out: a point makes the compiler choose others, and another order.
sub instructions {
	my ($elf) = @_;
	my ($func, @code) = ('');

	open my $fh, '-|', $objdump, qw(-d --no-show-raw-insn
	    --no-leading-addr), $elf or die "$objdump: $!\n";
	while (defined(my $line = <$fh>)) {
		$func = $1 if $line =~ /^<([A-Za-z_]\w*)>:/;
		push @code, "$func: $1" if $line =~ /^\s+([a-z][\w.]*)/;
	}
	close $fh or die "$objdump $elf: failed\n";
	return [sort @code];
}

my @listed = listed();
cmp_ok(scalar @listed, '>', 20, 'md.h lists points');

# ARCHES: those that were built just now.
my @arches = split ' ', $ENV{ARCHES} // join ' ',
    map { m{\Aobj/([^/]+)/} } glob 'obj/*/nopoints/kernel.elf';
ok(scalar @arches, 'there are kernels to look at');
for my $arch (@arches) {
	my $without = Elf::sections("obj/$arch/nopoints/kernel.elf");
	my $with = Elf::sections("obj/$arch/mp/kernel.elf");
	my $text = $with->{'.text'};
	my %have = map { $_->[1] => 1 } points($with);

	is_deeply([sort keys %have], \@listed,
	    "listed $arch: the points are those of md.h, POINT-1");
	is(scalar(grep { $_->[0] < $text->{addr} ||
	    $_->[0] >= $text->{addr} + length $text->{data} } points($with)),
	    0, "$arch: each is in the code");
	is(scalar(() = points($without)), 0, "$arch: and can be left out");
	my ($a, $b) = map { instructions("obj/$arch/$_/kernel.elf") }
	    'mp', 'nopoints';
	my ($at) = grep { ($a->[$_] // '') ne ($b->[$_] // '') }
	    0 .. max($#$a, $#$b);
	ok(@$a > 1000 && !defined $at, "$arch: the instructions are the " .
	    "same without them") or diag("a point changes what is compiled: " .
	    "it is not beside a call, an atomic operation or a barrier; at " .
	    ($a->[$at // 0] // 'the end') . ", without points " .
	    ($b->[$at // 0] // 'the end'));
}
done_testing();
