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

# The cells of the matrix: md-ARCH/cells, made from the axes in
# md-ARCH/machines.  As a test: does each possible pair of values meet in a
# cell, is the list the one that would be made, are there not too many cells?
# Why a pair is not possible is printed.
#
# usage: cells.pl [--make] [TOP]

use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Cover;
use Machines;

my $MOST = 150;			# of all architectures together
my $LARGE = 64;			# so many CPUs take long

my $make = @ARGV && $ARGV[0] eq '--make' && shift;
my $top = shift // dirname($FindBin::Bin);
# The sweeps are few and named, by `cell' records.
my @axes = grep { $_ ne 'tests' } @Machines::AXES;

# How long a row takes, against others.  The uniprocessor kernel does not care
# how many CPUs there are, and the one for the points has few tests; where one
# host thread is all CPUs, those that spin hold up the rest.
sub cost {
	my ($n) = map { Machines::count($_) // () } @_;
	my %has = map { $_ => 1 } @_;

	return 0 if !defined $n || $n < $LARGE;
	return $n / 50 if $has{up};
	$n *= 3 if $has{single} || $has{icount};
	return $has{hook} ? $n / 5 : $n;
}

sub cover {
	my ($t) = @_;

	return Cover->new(axes => [map { $t->{axis}{$_} } @axes],
	    never => $t->{never}, cost => \&cost, alone => { kvm => 1, host => 1 });
}

sub values_of {
	my ($cell) = @_;

	return grep { defined } map { $cell->{values}{$_} } @axes;
}

# In the order of the table.
sub made {
	my ($t) = @_;
	my $cover = cover($t);
	my @cells = map { Machines::parse_in($t, $_) } @{$t->{cell}};
	my %n;

	for my $row ($cover->rows(map { [values_of($_)] }
	    grep { $_->{tests} eq 'all' } @cells)) {
		my %v = (tests => 'all');

		@v{@axes} = @$row;
		push @cells, Machines::parse_in($t, Machines::name($t, %v));
	}
	for my $axis (@Machines::AXES) {
		@n{@{$t->{axis}{$axis}}} = 1 .. @{$t->{axis}{$axis}};
	}
	my %had;
	return map { $_->{name} } sort {
		my ($i) = grep { ($a->{values}{$_} // '') ne
		    ($b->{values}{$_} // '') }
		    @Machines::AXES;

		defined $i ? ($n{$a->{values}{$i} // ''} // 0) <=>
		    ($n{$b->{values}{$i} // ''} // 0) ||
		    $a->{name} cmp $b->{name} : 0;
	} grep { !$had{$_->{name}}++ } @cells;
}

sub write_list {
	my ($t) = @_;
	my $file = "$top/md-$t->{arch}/cells";
	my @cells = made($t);

	open my $fh, '>', $file or die "$file: $!\n";
	print $fh "# The cells of `make matrix', made from the file machines by ",
	    "`make cells'.\n", map { "$_\n" } @cells;
	close $fh or die "$file: $!\n";
	printf "%s: %d cells\n", "md-$t->{arch}/cells", scalar @cells;
}

sub test_list {
	my ($arch) = @_;
	my ($t, @cells, %met, %shown);

	if (!eval { $t = Machines::load($top, $arch);
	    @cells = Machines::cells($top, $arch); 1 }) {
		fail "md-$arch/cells can be read";
		diag $@;
		return 0;
	}
	my $cover = cover($t);
	for my $c (@cells) {
		$met{$_} = 1 for $c->{tests} eq 'all' ?
		    $cover->shows(values_of($c)) : ();
	}
	my (@missing, %why);
	my @pairs = $cover->pairs;
	for my $p (@pairs) {
		my ($x, $y, $why) = @$p;

		push @{$why{$why}}, "$x $y" if defined $why;
		push @missing, "$x with $y" if !defined $why &&
		    !$met{Cover::key($x, $y)};
	}
	note "$arch: " . @pairs . " pairs, not possible:";
	note map { "  $_: " . join(', ', @{$why{$_}}) . "\n" } sort keys %why;
	is "@missing[0 .. ($#missing > 9 ? 9 : $#missing)]", '',
	    "$arch: in " . @cells . " cells each pair of values meets that can";
	is_deeply [map { $_->{name} } @cells], [made($t)],
	    "md-$arch/cells is what the generator makes: `make cells'";
	return scalar @cells;
}

if ($make) {
	eval { write_list(Machines::load($top, $_)); 1 } or do {
		print STDERR "cells.pl: $@";
		exit 2;
	} for Machines::arches($top);
	exit 0;
}
my $n = 0;
$n += test_list($_) for Machines::arches($top);
cmp_ok $n, '<=', $MOST, 'the cells of all architectures together';
done_testing;
