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

# The contract, followed in both directions: a clause, what asserts it, the
# tests that prove it, the mutants that those catch, and its section of md(9).
#
#	clause		"NAME [x]" or "NAME [s]" in a header, "X-NAME:" in
#			those of mi/xcall; "NAME [x] X-NAME." is another name
#	assertion	a panic, assertion or #error that has the name in it;
#			otherwise md(9) says why there is none
#	test		the lists of the suite; md-*/proof/rules; properties in
#			tests/protocol.pl; what tests on the host say when done;
#			anywhere else in tests/ or md-*/proof a line
#			"proves CHECK NAME: CLAUSE ..."
#	mutant		tests/mutants/*.mut and md-*/proof/mutants, whose
#			format is in mutants.pl
#	section		.Ss NAME[, NAME ...] in md.9, the tags in their order
#	stage		port-guide/stages, of every clause; and those that the
#			skeleton's stubs name
#	exception	md-*/proof/contract: "CLAUSE reason", not applicable
#
# Nothing may be left over on any side.  An architecture without a list of
# mutants is not asked for any; every other one has to have one for every
# clause.  Prints TAP, a line for each clause.  Arguments are clauses to show
# in full instead.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Machines;
use Stages;

chdir "$FindBin::Bin/.." or die "$FindBin::Bin/..: $!\n";

my $NAME = qr/(?:[A-Z]+-)+\d+/;
my @HEADERS = qw(mi/xcall/xcall.h mi/xcall/xcall_md.h mi/include/md.h
    mi/kern/kern.h mi/kern/synch.h mi/kern/intr.h);
my $MANUAL = 'port-guide/man/md.9';
my @TAGS = ('What', 'Context', 'Order', 'Why', 'Here', 'Asserted', 'Tested');
# A file of an architecture speaks by its name, "gicv3" or "gic".
my $DRIVERS = join '|', map { my ($n) = m{([^/]+)\.c\z};
    ($n, $n =~ s/v?\d+\z//r) } glob 'md-*/*.c';
# Panics about machines, firmware and resources, which break no clause.
my $NO_CLAUSE = qr{\A(?:boot|memory|out\ of\ memory|device\ tree|trap|$DRIVERS|
    cpu%u|md-\w+|cross-call\ watchdog|%s)\b}x;

my @arches = Machines::arches('.');
my (%clause, @order, %prefix);	# by name: kind, file, alias
my (%assert, %test, %proof, %mutant, %section, %exempt);
my %has_mutants;		# architectures with a list
my @loose;			# problems of no clause
my %bad;			# of a clause

sub bad { my ($c, $what) = @_; push @{$bad{$c}}, $what }

sub slurp {
	my ($file) = @_;

	open my $fh, '<', $file or die "$file: $!\n";
	local $/;
	return scalar <$fh>;
}

sub files {
	my @found;

	for my $pat (@_) {
		push @found, grep { -f } glob $pat;
	}
	return sort @found;
}

# Every clause has its stage, and a stub has one that there is.
sub read_stages {
	my @stages = Stages::stages();
	my %stage = map { $_->{name} => 1 } @stages;
	my %staged = map { $_ => 1 } map { @{$_->{clauses}} } @stages;

	for my $c (sort keys %staged) {
		push @loose, "port-guide/stages: $c, which no header has"
		    unless $clause{$c} && !$clause{$c}{alias};
	}
	for my $c (@order) {
		bad($c, 'in no stage of port-guide/stages') unless $staged{$c};
	}
	for my $s (Stages::skeleton_stubs()) {
		push @loose, "$s->{file}:$s->{line}: no clause $s->{clause}"
		    if $s->{clause} ne '' && !$clause{$s->{clause}};
		push @loose, "$s->{file}:$s->{line}: no stage $s->{stage}"
		    unless $stage{$s->{stage}};
	}
}

# A name that is another one's alias is the same clause.
sub real {
	my ($c) = @_;
	return $clause{$c}{alias} // $c;
}

sub clause_add {
	my ($name, $kind, $file, $alias) = @_;

	if ($clause{$name}) {
		bad($name, "defined in $clause{$name}{file} and in $file");
		return;
	}
	$clause{$name} = { kind => $kind, file => $file, alias => $alias };
	push @order, $name unless $alias;
	$prefix{$name =~ s/-\d+\z//r} = 1;
}

sub read_headers {
	for my $file (@HEADERS) {
		my $text = slurp($file);

		if ($file =~ m{/xcall/}) {
			clause_add($1, 'x', $file)
			    while $text =~ m{^[/ ]\*+\ (X-$NAME)(?:,[^:\n]*)?:}gmx;
			next;
		}
		clause_add($1, $2, $file, $3)
		    while $text =~ m{\b($NAME)\ \[([xs])\](?:\ (X-$NAME)\.)?}gx;
	}
	for my $c (grep { $clause{$_}{alias} } keys %clause) {
		push @loose, "$clause{$c}{file}: $c is $clause{$c}{alias}, " .
		    "which there is not" unless $clause{$clause{$c}{alias}};
	}
}

# The strings of what stops a kernel, or its build.
sub read_assertions {
	for my $file (files(qw(mi/*/*.[ch] md-*/*.[chS] md-*/include/*/*.h))) {
		my $text = slurp($file);
		my $stop = qr/\bpanic\((?=\s*")|\b(?:XCALL_ASSERT|KCLAUSE|
		    _Static_assert)\(|^\#error\b/mx;

		while ($text =~ /($stop)((?:"(?:[^"\\]|\\.)*"|[^";])*?
		    (?:\);|\n(?=\#)))/gx) {
			my ($how, $rest) = ($1, $2);
			my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
			my $said = join ' ', $rest =~ /"((?:[^"\\]|\\.)*)"/g;
			my @named = $said =~ /\b($NAME)\b/g;

			for my $c (@named) {
				push @loose, "$file:$line: says $c, which " .
				    "is no clause" unless $clause{$c};
				push @{$assert{real($c)}}, ["$file:$line", $how]
				    if $clause{$c};
			}
			push @loose, "$file:$line: a panic that names no " .
			    "clause: \"$said\"" if !@named && $how =~ /panic/ &&
			    $file !~ m{^mi/(?:include|kern/kern\.h|xcall/.*h)} &&
			    $said !~ $NO_CLAUSE;
		}
	}
}

# Who proves what: $test{CHECK}{NAME} is a list of clauses.
sub test_add {
	my ($check, $name, $where, @claims) = @_;

	push @loose, "$where: $check $name proves no clause" unless @claims;
	for my $c (@claims) {
		if (!$clause{$c}) {
			push @loose, "$where: $check $name proves $c, which " .
			    "is no clause";
			next;
		}
		push @{$test{$check}{$name}}, real($c);
		push @{$proof{real($c)}}, $check eq 'boot' ? $name :
		    "$check $name";
	}
}

sub read_tests {
	for my $file (files('tests/*/list.h')) {
		my ($set) = $file =~ m{tests/(.*)/};
		my $text = slurp($file);

		# Those of a variant are a check of their own.
		test_add(Machines::is_word($set) ? $set : 'boot',
		    "$set.$1", $file, split ' ', $2 =~ s/"\s*"//gr)
		    while $text =~ /^XTEST\((\w+),\s*\d+,\s*"(.*?)"\)/gms;
	}
	for my $file (files(qw(tests/order.rules md-*/proof/rules))) {
		my $text = slurp($file);

		test_add('rules', $1, $file, split ' ', $2)
		    while $text =~ /^rule\s+(\S+)\nclause\s+(.*)/gm;
	}
	for my $file ('tests/protocol.pl') {
		my $text = slurp($file);

		test_add('protocol', $1, $file, split ' ', $2)
		    while $text =~ /^\t\[(\w+) => '((?:$NAME ?)+)',\s/gm;
	}
	for my $file (files(qw(tests/*/*_test.c md-*/proof/*_test.c))) {
		my ($check) = $file =~ m{([^/]*)_test\.c$};
		my $text = slurp($file);

		test_add($check, $1, $file, split ' ', $2)
		    while $text =~ /\bdone\("([-\w]+)",\s*"((?:$NAME ?)+):/g;
	}
	for my $file (files(qw(tests/* tests/*/* tests/*/*/* md-*/proof/*))) {
		next if $file eq 'tests/contract.pl';
		my $text = slurp($file);

		test_add($1, $2, $file, split ' ', $3)
		    while $text =~ m{^[\s/*#]*proves\ (\w+)\ ([-\w.]+):
		    ((?:[ \t]+$NAME)+)[ \t*/]*$}gmx;
	}
}

sub mutant_check {
	my ($m, $file) = @_;
	my ($check, $name) = split ' ', $m->{caught} // '';
	my $c = $m->{clause} // '';

	if (!$clause{$c}) {
		return "of $c, which is no clause";
	} elsif ($m->{equivalent}) {
		return;
	} elsif (!defined $check) {
		return 'nothing is said to catch it';
	} elsif ($check eq 'build') {
		return;
	} elsif (!defined $name) {
		return "caught by $check, but by what in it?";
	}
	return if $check eq 'boot' && $name eq '-' &&
	    ($assert{real($c)} || $m->{says});
	my ($claims) = map { $test{$check}{$_} } grep {
	    $_ eq $name || $_ =~ /\.\Q$name\E\z/ } keys %{$test{$check}};

	return "caught by $check $name, which there is not" unless $claims;
	return "caught by $check $name, which does not prove $c"
	    unless $m->{open} || grep { $_ eq real($c) } @$claims;
	return;
}

sub mutant_add {
	my ($m, $file, @on) = @_;
	my $problem = mutant_check($m, $file);

	push @loose, "$file: $m->{mutant}: $problem" if defined $problem;
	return if defined $problem || $m->{equivalent} || $m->{open};
	my ($check) = split ' ', $m->{caught};
	for my $arch (@on) {
		push @{$mutant{real($m->{clause})}{$arch}}, $m->{mutant};
	}
	push @{$proof{real($m->{clause})}}, 'build'
	    if $check eq 'build' && !grep { $_ eq 'build' }
	    @{$proof{real($m->{clause})}};
}

sub read_mutants {
	my %seen;

	for my $file (files(qw(tests/mutants/*.mut md-*/proof/mutants))) {
		my ($arch) = $file =~ m{^md-(.*?)/};

		$has_mutants{$arch} = 1 if $arch;
		for my $record (split /\n\n+/, slurp($file)) {
			my %m;

			for (split /\n/, $record) {
				$m{$1} //= $2
				    if /^([a-z]\w*)[ \t]*(.*?)\s*$/;
			}
			next unless defined $m{mutant};
			push @loose, "$file: $m{mutant}: twice"
			    if $seen{$m{mutant}}++;
			mutant_add(\%m, $file, $arch ? $arch : $m{only} ?
			    split(' ', $m{only}) : @arches);
		}
	}
}

# One section: the tags in order, the files there, what is named in them.
sub section_check {
	my ($text, @names) = @_;
	my @tags = $text =~ /^\.It (\w+)$/gm;
	my (%item, $file, $c);

	$c = $names[0];
	bad($c, "md(9): the tags are @tags, not @TAGS") if "@tags" ne "@TAGS";
	my (undef, @parts) = split /^\.It (\w+)\n/m, $text;
	%item = @parts if @parts % 2 == 0;
	for (split /\n/, $text) {
		if (/^\.Pa (\S+)/) {
			$file = $1;
			bad($c, "md(9): there is no $file") unless -f $file;
		} elsif (/^\.Fn (\w+)/ && defined $file && -f $file) {
			bad($c, "md(9): no $1 in $file")
			    if slurp($file) !~ /\b$1\b/;
		} elsif (/^\.(?:It|Ss)/) {
			undef $file;
		}
	}
	section_tests($c, $item{Tested} // '');
	my $none = ($item{Asserted} // '') =~ /^none:/;
	bad($c, "md(9) gives a reason for no assertion, and there is one at " .
	    "$assert{$c}[0][0]") if $none && $assert{$c};
	bad($c, 'no assertion, and md(9) does not say why')
	    if !$none && !$assert{$c};
}

sub section_tests {
	my ($c, $text) = @_;

	while ($text =~ /^\.Li (?:(\w+) )?([-\w.]+)/gm) {
		my ($check, $name) = ($1 // 'boot', $2);
		my ($key) = grep { $_ eq $name || /\.\Q$name\E\z/ }
		    keys %{$test{$check}};

		bad($c, "md(9) names $check $name, which does not prove it")
		    if $check ne 'build' && (!$key ||
		    !grep { $_ eq $c } @{$test{$check}{$key}});
	}
}

sub read_manual {
	my $text = -f $MANUAL ? slurp($MANUAL) =~ s/\\-/-/gr : '';
	my @parts = split /^\.Ss (.*)\n/m, $text =~ s/^\.Sh SEE.*//msr;

	shift @parts;
	while (my ($title, $body) = splice @parts, 0, 2) {
		my @names = $title =~ /\b($NAME)\b/g;

		next unless @names;
		for my $c (@names) {
			push @loose, "$MANUAL: a section for $c, which is no " .
			    "clause" unless $clause{$c};
			$section{$c}++;
		}
		section_check($body, real($names[0])) if $clause{$names[0]};
	}
	for my $c (keys %clause) {
		bad(real($c), "md(9) has no section for $c")
		    unless $section{$c};
	}
}

sub read_exemptions {
	for my $file (files('md-*/proof/contract')) {
		my ($arch) = $file =~ m{^md-(.*?)/};

		for (split /\n/, slurp($file)) {
			next if /^\s*(#|$)/;
			my ($c, $why) = /^($NAME)\s+(\S.*)$/;

			push @loose, "$file: $_: not \"CLAUSE reason\""
			    unless defined $why;
			next unless defined $why;
			push @loose, "$file: $c is no clause"
			    unless $clause{$c};
			$exempt{$c}{$arch} = $why if $clause{$c};
		}
	}
}

# Any name with the prefix of a clause, anywhere.
sub read_mentions {
	my $some = join '|', map { quotemeta } sort keys %prefix;

	for my $file (files(qw(README.md port-guide/*/* mi/*/* md-*/* mk/*
	    md-*/proof/* md-*/include/*/* tests/* tests/*/*))) {
		my ($text, %told) = slurp($file) =~ s/\\-/-/gr;

		next if $text =~ /\0/;
		while ($text =~ /(?<![-\w])((?:$some)-\d+)(?![-\w])/g) {
			push @loose, "$file: names $1, which is no clause"
			    unless $clause{$1} || $told{$1}++;
		}
	}
}

sub judge {
	my ($c) = @_;

	bad($c, 'no test proves it') unless $proof{$c};
	for my $arch (@arches) {
		my $n = @{$mutant{$c}{$arch} // []};
		my $why = $exempt{$c}{$arch};

		bad($c, "not applicable on $arch, and has mutants there")
		    if defined $why && $n;
		bad($c, "no mutant on $arch")
		    if !defined $why && !$n && $has_mutants{$arch};
	}
	bad($c, 'no mutant anywhere') if !%has_mutants && !$mutant{$c};
}

sub row {
	my ($c) = @_;
	my @also = sort grep { ($clause{$_}{alias} // '') eq $c } keys %clause;
	my $n = @{$proof{$c} // []};

	return sprintf '%-10s %s %6s %5s %s  %s', $c, $clause{$c}{kind},
	    scalar @{$assert{$c} // []} || 'none', $n || 'none',
	    join(' ', map { sprintf '%6s', $exempt{$c}{$_} ? 'n/a' :
	    scalar @{$mutant{$c}{$_} // []} } @arches),
	    join ' ', map { "= $_" } @also;
}

sub show {
	my ($c) = @_;

	print "$c [$clause{$c}{kind}] $clause{$c}{file}\n";
	print "\tasserted $_->[0]\n" for @{$assert{$c}};
	print "\tproved   $_\n" for @{$proof{$c}};
	for my $arch (@arches) {
		print "\tmutant   $arch $_\n" for @{$mutant{$c}{$arch}};
		print "\tno       $arch $exempt{$c}{$arch}\n"
		    if $exempt{$c}{$arch};
	}
	print "\twrong    $_\n" for @{$bad{$c}};
}

read_headers();
read_assertions();
read_tests();
read_mutants();
read_manual();
read_exemptions();
read_mentions();
read_stages();
judge($_) for @order;

if (@ARGV) {
	for my $c (@ARGV) {
		die "$c: no such clause\n" unless $clause{$c};
		show(real($c));
	}
	exit 0;
}

my $number = 0;
print '1..', @order + 1, "\n";
printf "#%-20s k assert tests %s\n", ' clause', join ' ',
    map { sprintf '%6s', $_ } @arches;
for my $c (@order) {
	my @why = @{$bad{$c} // []};

	printf "%s %2d - %s\n", @why ? 'not ok' : 'ok    ', ++$number,
	    row($c) =~ s/\s+$//r;
	print STDERR "# $c: $_\n" for @why;
	print "#\t$c not applicable on $_: $exempt{$c}{$_}\n"
	    for sort keys %{$exempt{$c}};
}
printf "%s %2d - nothing is left over\n", @loose ? 'not ok' : 'ok    ',
    ++$number;
print STDERR "# $_\n" for @loose;
exit(@loose || %bad ? 1 : 0);
