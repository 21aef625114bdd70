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

# The machine tables: md-ARCH/machines says what the boot runner knows of an
# architecture, and nothing else does.  One record a line, words separated by
# blanks, from # to the end of the line a comment:
#
#	qemu COMMAND			the QEMU that has these machines
#	gdb NAME			gdb's name of the architecture
#	kernel FILE			what QEMU starts, in obj/ARCH/mp and up;
#					its symbols are kernel.elf beside it
#	cpu MODEL			the CPU emulated (ACCEL=tcg only)
#	common ARGS...			QEMU arguments of all machines; adds up
#	append WORDS...			the kernel's command line; adds up
#	machine NAME MAXCPUS ends|stays ARGS...
#					ends: the guest can end the emulator
#	status PASSED FAILED		QEMU's exit status when the guest ends it;
#					no record: it does not tell
#	default NAME			the machine taken when none is named
#	boot NAME CPUS [VARIANT]	one cell of `make check'; CPUS is what
#					-smp takes, the variants are below

package Machines;

use strict;
use warnings;

# The variants of a cell: the kernel in obj/ARCH that is booted, and what else
# differs from an ordinary boot of that kernel.
#
# sweep counts instructions instead of time: the same run again and again, an
# interrupt at the instruction it was meant for.  dirty and permute are hostile
# circumstances, tests/kit/hostile.c.
our %variants = (
	'' => { kind => 'mp' },
	up => { kind => 'up', cpus => 1 },
	hook => { kind => 'hook' },
	dirty => { kind => 'mp', append => 'dirty=1' },
	permute => { kind => 'mp', append => 'permute=1' },
	sweep => { kind => 'mp', append => 'suite=sweep',
	    accel => 'tcg,thread=single',
	    args => ['-icount', 'shift=0,sleep=off',
		'-rtc', 'clock=vm,base=2026-01-01'] },
);

# Their names, for people.
sub variants { return join ', ', grep { $_ ne '' } sort keys %variants }

my $NAME = qr/[a-z0-9][a-z0-9.-]*/;
my $CPUS = qr/[1-9]\d{0,3}(?:,[a-z]+=\d+)*/;

# How many words a record has after its name, [fewest, most].
my %words = (
	qemu => [1, 1], gdb => [1, 1], kernel => [1, 1], cpu => [1, 1],
	common => [1], append => [1], machine => [3], default => [1, 1],
	boot => [2, 3], status => [2, 2],
);
my %adds_up = map { $_ => 1 } qw(common append machine boot);

# The architectures there are: every md- folder with a machine table.
sub arches {
	my ($top) = @_;

	return map { m{/md-([^/]+)/machines\z} ? $1 : () }
	    sort glob "\Q$top\E/md-*/machines";
}

# load(TOP, ARCH): the table, or die with one line that names file and line.
sub load {
	my ($top, $arch) = @_;
	my $file = "md-$arch/machines";
	my %t = (arch => $arch, common => [], append => [], machine => {},
	    names => [], boot => []);
	my $bad = sub { die "$file:$.: $_[0]\n" };

	open my $fh, '<', "$top/$file" or die "$file: cannot read it: $!\n";
	while (my $line = <$fh>) {
		$line =~ s/(?:\A|\s)#.*//s;
		my ($record, @w) = split ' ', $line;
		next unless defined $record;
		my $want = $words{$record} or $bad->("no record '$record'; " .
		    "there are: @{[sort keys %words]}");
		$bad->("'$record' takes " . join(' to ', @$want[0 ..
		    ($#$want && $want->[0] != $want->[1])]) .
		    ($#$want ? '' : ' or more') . " words, not " . @w)
		    if @w < $want->[0] || ($#$want && @w > $want->[1]);
		if ($record eq 'machine') {
			machine(\%t, $bad, @w);
		} elsif ($record eq 'boot') {
			boot(\%t, $bad, @w);
		} elsif ($record eq 'status') {
			$bad->("a second 'status' record") if $t{status};
			$bad->("two exit statuses, not '@w'") if $w[0] eq $w[1] ||
			    grep { !/\A\d{1,3}\z/ } @w;
			$t{status} = { $w[0] => 'passed', $w[1] => 'failed' };
		} elsif ($adds_up{$record}) {
			push @{$t{$record}}, @w;
		} else {
			$bad->("a second '$record' record")
			    if defined $t{$record};
			$bad->("no machine '$w[0]' above this line")
			    if $record eq 'default' && !$t{machine}{$w[0]};
			$t{$record} = $w[0];
		}
	}
	for my $need (qw(qemu gdb kernel cpu default)) {
		die "$file: no '$need' record\n" unless defined $t{$need};
	}
	return \%t;
}

sub machine {
	my ($t, $bad, $name, $max, $end, @args) = @_;

	$bad->("bad machine name '$name'") unless $name =~ /\A$NAME\z/;
	$bad->("a second machine '$name'") if $t->{machine}{$name};
	$bad->("MAXCPUS is a number, not '$max'")
	    unless $max =~ /\A[1-9]\d{0,3}\z/;
	$bad->("'ends' or 'stays', not '$end'")
	    unless $end =~ /\A(?:ends|stays)\z/;
	push @{$t->{names}}, $name;
	$t->{machine}{$name} = { name => $name, max => $max,
	    ends => $end eq 'ends', args => \@args };
}

sub boot {
	my ($t, $bad, $name, $cpus, $variant) = @_;
	my $m = $t->{machine}{$name} or
	    $bad->("no machine '$name' above this line");
	my $cell = join '/', $t->{arch}, $name, $cpus, $variant // ();
	my $n = count($cpus) or $bad->("bad CPUS '$cpus'");

	$bad->("machine '$name' has at most $m->{max} CPUs, not $n")
	    if $n > $m->{max};
	$bad->("no variant '$variant'; there are: " . variants())
	    if defined $variant && !$variants{$variant};
	$bad->("a second boot of $cell")
	    if grep { $_ eq $cell } @{$t->{boot}};
	push @{$t->{boot}}, $cell;
}

# The number of CPUs in what -smp takes; undef where it is none.
sub count {
	my ($cpus) = @_;

	return $cpus =~ /\A$CPUS\z/ ? ($cpus =~ /\A(\d+)/)[0] : undef;
}

1;
