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

# Few rows of values, one of each axis, in which each two values meet that can:
# row by row the one that makes the most pairs meet for the first time, of
# some that chance makes up (D. M. Cohen and others, The AETG system, 1997).
# Chance is counted, so the same axes make the same rows everywhere.  The
# packaged programs that do this want another language, and know no rows that
# count for one of their values only.

package Cover;

use strict;
use warnings;

my $TRIES = 12;			# rows made up for one that is taken

# new(axes => [[value...]...], never => { A => { B => reason } },
#     cost => sub { row's cost }, alone => { value => 1 }):
# a value may be of one axis only.  A row with a value that is `alone' shows
# nothing of its other pairs, because it will often not be run.
sub new {
	my ($class, %arg) = @_;
	my $self = bless { %arg, chance => 1 }, $class;
	my @axes = @{$self->{axes}};

	for my $i (0 .. $#axes) {
		$self->{axis}{$_} = $i for @{$axes[$i]};
	}
	return $self;
}

sub chance {
	my ($self, $n) = @_;

	$self->{chance} = ($self->{chance} * 1103515245 + 12345) & 0x7fffffff;
	return ($self->{chance} >> 8) % $n;
}

sub key { return $_[0] lt $_[1] ? "$_[0] $_[1]" : "$_[1] $_[0]" }

# May a row with these have this one?
sub fits {
	my ($self, $value, @have) = @_;

	for my $other (@have) {
		return 0 if defined $self->{never}{$value}{$other};
	}
	return 1;
}

# Is there a row with these?
sub completes {
	my ($self, @have) = @_;
	my %done = map { $self->{axis}{$_} => 1 } @have;
	my ($next) = grep { !$done{$_} } 0 .. $#{$self->{axes}};

	return 1 unless defined $next;
	for my $value (@{$self->{axes}[$next]}) {
		return 1 if $self->fits($value, @have) &&
		    $self->completes(@have, $value);
	}
	return 0;
}

# Every two values of different axes, and whether a row can have both: the
# reason why not, undef where it can.
sub pairs {
	my ($self) = @_;
	my @axes = @{$self->{axes}};
	my @pairs;

	for my $i (0 .. $#axes) {
		for my $j ($i + 1 .. $#axes) {
			for my $a (@{$axes[$i]}) {
				push @pairs, map { [$a, $_,
				    $self->{never}{$a}{$_} //
				    ($self->completes($a, $_) ? undef :
				    $self->because($a, $_))] } @{$axes[$j]};
			}
		}
	}
	return @pairs;
}

# Two values that exclude each other by a third axis.
sub because {
	my ($self, @pair) = @_;

	for my $axis (@{$self->{axes}}) {
		my @why = map { my $v = $_;
		    map { $self->{never}{$v}{$_} // () } @pair } @$axis;

		return join '; ', do { my %had; grep { !$had{$_}++ } @why }
		    if !grep { $self->fits($_, @pair) } @$axis;
	}
	return 'together with all else';
}

# The pairs that a row shows.
sub shows {
	my ($self, @row) = @_;
	my @alone = grep { $self->{alone}{$_} } @row;
	my @pairs;

	for my $i (0 .. $#row) {
		for my $j ($i + 1 .. $#row) {
			push @pairs, key(@row[$i, $j]) if !@alone ||
			    $self->{alone}{$row[$i]} || $self->{alone}{$row[$j]};
		}
	}
	return @pairs;
}

sub gain {
	my ($self, $left, @row) = @_;

	return scalar(grep { $left->{$_} } $self->shows(@row));
}

# A row with these two, made up.
sub row {
	my ($self, $left, @row) = @_;
	my $n = @{$self->{axes}};
	my %done = map { $self->{axis}{$_} => 1 } @row;
	my $alone = grep { $self->{alone}{$_} } @row;
	my @open = grep { !$done{$_} } 0 .. $n - 1;

	while (@open) {
		my ($axis) = splice @open, $self->chance(scalar @open), 1;
		my ($best, $most);

		for my $value (@{$self->{axes}[$axis]}) {
			next if !$alone && $self->{alone}{$value};
			next unless $self->fits($value, @row) &&
			    $self->completes(@row, $value);
			my $worth = $self->gain($left, @row, $value) * 1000 -
			    $self->{cost}->(@row, $value) * 8 +
			    $self->chance(8);

			($best, $most) = ($value, $worth)
			    if !defined $most || $worth > $most;
		}
		return () unless defined $best;
		push @row, $best;
	}
	return sort { $self->{axis}{$a} <=> $self->{axis}{$b} } @row;
}

# The rows; those given are among them.
sub rows {
	my ($self, @rows) = @_;
	my (%left, @order);

	for my $p (grep { !defined $_->[2] } $self->pairs) {
		$left{key(@$p[0, 1])} = 1;
		push @order, $p;
	}
	# What is dear first, so that little is left for it to be taken again.
	@order = sort { $self->{cost}->(@$b[0, 1]) <=>
	    $self->{cost}->(@$a[0, 1]) } @order;
	delete @left{map { $self->shows(@$_) } @rows};
	my $given = @rows;
	for my $p (@order) {
		next unless $left{key(@$p[0, 1])};
		my ($best, $most);

		for (1 .. $TRIES) {
			my @row = $self->row(\%left, @$p[0, 1]) or next;
			my $worth = $self->gain(\%left, @row) -
			    $self->{cost}->(@row) / 100;

			($best, $most) = (\@row, $worth)
			    if !defined $most || $worth > $most;
		}
		die "no row for @$p[0, 1]\n" unless $best;
		delete @left{$self->shows(@$best)};
		push @rows, $best;
	}
	return $self->needed($given, @rows);
}

# Without those that show nothing which others do not.
sub needed {
	my ($self, $given, @rows) = @_;
	my %n;

	$n{$_}++ for map { $self->shows(@$_) } @rows;
	for my $i (reverse $given .. $#rows) {
		my @pairs = $self->shows(@{$rows[$i]});

		next if grep { $n{$_} == 1 } @pairs;
		$n{$_}-- for @pairs;
		splice @rows, $i, 1;
	}
	return @rows;
}

1;
