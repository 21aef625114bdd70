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

# How far each port is: stage by stage (port-guide/stages), clause by clause,
# and what comes next.  A stage is looked at when those before it are done:
#
#	links		the kernel is built
#	prints		it names the memory it takes
#	traps and on	the tests of the stage, booted; so many CPUs as it says
#	survives	the sweeps and the kernel with hooks too, and the checks
#			of the emitted code
#	compares	`make check-compare'
#	matrix		`make check-cells', and what `make matrix' has found
#
# A clause is done, failing (a test of it is red), not reached, or not
# applicable for the reason in md-X/proof/contract.  Exit status: 1 if
# anything fails; what is not reached does not.

use strict;
use warnings;
use FindBin;
use JSON::PP;
use lib "$FindBin::Bin/lib";
use Stages;

my $USAGE = "usage: status.pl [--json] MAKE KERNEL ARCH...\n";
my $NAME = qr/(?:[A-Z]+-)+\d+/;
my $json = @ARGV && $ARGV[0] eq '--json' ? shift @ARGV : 0;
my ($make, $kernel, @arches) = @ARGV;	# commands of the Makefile
die $USAGE if !@arches;
chdir "$FindBin::Bin/.." or die "cannot find the top of the tree: $!\n";

my @stages = Stages::stages();
my %alias = Stages::aliases();
my %proves;			# test: clauses
my %result;			# by architecture

read_lists();
for my $arch (@arches) {
	$result{$arch} = look($arch);
}
print $json ? JSON::PP->new->canonical->pretty->encode({
    schema => 'portkit-status', version => 1, ports => \%result }) :
    map { report($_) } @arches;
exit((grep { $_->{failing} } values %result) ? 1 : 0);

# The tests there are, and their clauses.
sub read_lists {
	for my $suite (qw(xcall kit sweep hook)) {
		open my $fh, '<', "tests/$suite/list.h" or
		    die "tests/$suite/list.h: $!\n";
		while (<$fh>) {
			my ($name, $c) = /^XTEST\((\w+), \d+, "(.*)"\)/ or next;
			$proves{"$suite.$name"} =
			    [map { $alias{$_} // $_ } split ' ', $c];
		}
	}
}

# Run a command; its lines, and whether it went well.
sub run {
	my (@command) = @_;

	open my $fh, '-|', "@command 2>&1 </dev/null" or
	    die "cannot run $command[0]: $!\n";
	chomp(my @lines = <$fh>);
	return (close $fh, @lines);
}

#
# One port
#

sub look {
	my ($arch) = @_;
	my @stubs = Stages::stubs($arch);
	my %port = (stages => [], next => undef, reached => undef,
	    stubs => \@stubs, tests => {}, na => not_applicable($arch));

	whole($arch, \%port) unless Stages::partial($arch);

	for my $stage (@stages) {
		my %s = (name => $stage->{name}, what => $stage->{what});

		push @{$port{stages}}, \%s;
		if ($port{next}) {
			$s{state} = 'not reached';
			next;
		}
		my @why = $stage->{name} eq 'links' ? links($arch) :
		    $stage->{name} eq 'prints' ? prints($arch, \%port) :
		    $stage->{name} eq 'survives' ? survives($arch, \%port) :
		    $stage->{name} eq 'compares' ?
		    checked("check-compare ARCH=$arch", $arch, 'compares') :
		    $stage->{name} eq 'matrix' ? matrix($arch) :
		    booted($arch, $stage, \%port);
		my $left = grep { $_->{stage} eq $stage->{name} } @stubs;

		push @why, 'include/machine/stub.h and stub.c are to go'
		    if !@why && !@stubs && Stages::partial($arch) &&
		    $stage->{name} eq 'matrix';
		$s{state} = !@why && !$left ? 'done' :
		    $port{red} ? 'failing' : 'next';
		$s{why} = \@why if @why;
		$port{failing} = 1 if delete $port{red};
		$port{$s{state} eq 'done' ? 'reached' : 'next'} =
		    $stage->{name};
	}
	clauses(\%port);
	return \%port;
}

sub to_write {
	my ($stub) = @_;
	return "$stub->{file}:$stub->{line}: " . ($stub->{func} ?
	    "$stub->{func}() is" : 'what stands there is') .
	    ' not written yet' . ($stub->{clause} && ": $stub->{clause}");
}

sub not_applicable {
	my ($arch) = @_;
	my %na;

	if (open my $fh, '<', "md-$arch/proof/contract") {
		/^($NAME)\s+(\S.*)/ and $na{$1} = $2 while <$fh>;
	}
	return \%na;
}

# Files that a stage needs.
sub missing {
	my ($arch, $stage) = @_;

	return map { "md-$arch/$_->{file} is missing: $_->{what}" }
	    grep { $_->{stage} eq $stage && !-e "md-$arch/$_->{file}" }
	    Stages::files();
}

sub links {
	my ($arch) = @_;
	my @why = missing($arch, 'links');
	my ($ok, @lines);
	my (%undefined, @other);

	return @why if @why;
	($ok, @lines) = run($kernel, "-s ARCH=$arch KIND=mp image");
	return if $ok;
	for (@lines) {
		if (/undefined symbol: (\S+)/) {
			$undefined{$1} = 1;
		} elsif (/\berror: / || /^\S+:\d+: / || /\*\*\* /) {
			push @other, $_;
		}
	}
	my %clause = map { $_->{func} => "$_->{clause}, stage $_->{stage}" }
	    Stages::skeleton_stubs();
	return ((map { "$_() is not there" . ($clause{$_} ?
	    ": $clause{$_}" : '') } sort keys %undefined),
	    @other ? $other[0] : (),
	    @lines && !%undefined && !@other ? $lines[-1] : ());
}

# Boot a cell, and keep what its tests said.  Why it is not as it should be.
sub boot {
	my ($cell, $words, $port) = @_;
	my ($ok, @lines) = run("'$^X' tests/boot.pl", '--silence', 20,
	    $words ? ('--append', "'$words'") : (), "'$cell'");
	my ($red, @why) = (0);

	for (@lines) {
		my ($not, $test, $skip) =
		    /^(not )?ok \d+ - (\S+\.\S+)( # SKIP.*)?/ or next;
		next if $skip;
		$port->{tests}{$test} = $not ? 'not ok' : 'ok';
		if ($not) {
			$red++;
			push @why, "$test fails: " . join(' ',
			    @{$proves{$test} // []}) . "; md(9), " .
			    ($proves{$test} // ['the clause'])->[0];
		}
	}
	return () if $ok;
	# The first panic is what stopped it: a stub may be met on the way out.
	my ($said) = grep { /\bpanic: cpu\d+: / && !/\A# \S+: FAIL / } @lines;
	my ($verdict) = grep { s/\A# \S+: FAIL [^:]*: // } @lines;
	if (!$red && defined $said && $said =~ /not written yet/) {
		$said =~ s/\A#?\s*\d*\|?\s*(?:panic: cpu\d+: )?//;
		return $said;
	}
	# Silence is a stage that is not reached; what stops after it began is
	# one that fails.
	$port->{red} = 1 if $red || (grep { /portkit begin/ } @lines);
	return @why if @why;
	return (($verdict // $lines[-1] // 'boot.pl says nothing') .
	    '; the console: make run ARCH=' . $cell =~ s{/.*}{}r .
	    ' NCPU=' . ($cell =~ m{/(\d+)})[0]);
}

sub prints {
	my ($arch, $port) = @_;
	my @why = missing($arch, 'prints');

	return @why if @why;
	return () if $port->{whole};
	my $log = "obj/$arch/status.log";
	unlink $log;
	@why = boot("$arch//1", 'tests=nothing-matches', $port);
	open my $fh, '<', "obj/$arch/boot/" . default_log($arch) or return @why;
	return () if grep { /^memory: 0x/ } <$fh>;
	delete $port->{red};
	return @why ? @why : 'the console does not say what memory is taken';
}

sub default_log {
	my ($arch) = @_;
	my ($log) = sort { -M $a <=> -M $b } glob "obj/$arch/boot/*.log";
	return defined $log ? $log =~ s{.*/}{}r : 'none';
}

sub booted {
	my ($arch, $stage, $port) = @_;
	my @why = missing($arch, $stage->{name});

	return @why if @why;
	return @{$port->{whole}{$stage->{name}} // []} if $port->{whole};
	@why = boot("$arch//$stage->{cpus}", "stage=$stage->{name}", $port);
	return @why;
}

# With nothing left to write: all tests in one boot, told apart by stage.
sub whole {
	my ($arch, $port) = @_;

	return if links($arch);
	my @why = boot("$arch//4", '', $port);
	my %at;

	for my $test (keys %{$port->{tests}}) {
		next if $port->{tests}{$test} eq 'ok';
		push @{$at{stage_of($test)}}, "$test fails: " .
		    join(' ', @{$proves{$test}}) . "; md(9), $proves{$test}[0]";
	}
	$at{traps} = \@why if @why && !%at;
	delete $port->{red};
	$port->{whole} = \%at;
	return;
}

sub stage_of {
	my ($test) = @_;
	my %is = map { $_ => 1 } @{$proves{$test} // []};
	my ($last) = grep { grep { $is{$_} } @{$_->{clauses}} } reverse @stages;

	return $last ? $last->{name} : 'links';
}

sub survives {
	my ($arch, $port) = @_;
	my @why = missing($arch, 'survives');

	push @why, "make kernels ARCH=$arch fails: run it, it says why"
	    if !@why && !(run($make, '-s', "kernels-$arch"))[0];
	return @why if @why;
	@why = boot("$arch//4/hook", '', $port);
	push @why, boot("$arch//2/sweep", '', $port);
	return @why if @why;
	@why = checked("check-rules ARCH=$arch", $arch, 'survives');
	$port->{red} = 1 if @why;
	return @why;
}

sub checked {
	my ($target, $arch, $stage) = @_;
	my @why = missing($arch, $stage);
	my ($ok) = @why ? 1 : run($make, '-s', $target);

	return @why if @why;
	return $ok ? () : "make $target fails: run it, it says why";
}

sub matrix {
	my ($arch) = @_;
	my @why = checked('check-cells', $arch, 'matrix');
	my ($passed, $failed) = (0, 0);

	return @why if @why;
	for my $file (glob "obj/matrix/$arch-*/record.json") {
		open my $fh, '<', $file or next;
		local $/;
		my $r = eval { decode_json(<$fh>) } or next;
		my $v = $r->{verdict} // '';

		$passed++ if $v eq 'pass';
		$failed++ if $v eq 'fail';
	}
	return "$failed cells failed: make matrix ARCH=$arch FAILED=1"
	    if $failed;
	return $passed ? () : "no cell was run: make matrix ARCH=$arch";
}

#
# What is shown
#

sub clauses {
	my ($port) = @_;
	my %state = map { $_->{name} => $_->{state} } @{$port->{stages}};
	my %stub;

	push @{$stub{$_->{clause}}}, "$_->{file}:$_->{line}"
	    for @{$port->{stubs}};
	for my $i (0 .. $#stages) {
		for my $c (@{$stages[$i]{clauses}}) {
			my @tests = grep {
				grep { $_ eq $c } @{$proves{$_}};
			} sort keys %proves;
			my @bad = grep {
				($port->{tests}{$_} // '') eq 'not ok' } @tests;
			my @good = grep {
				($port->{tests}{$_} // '') eq 'ok' } @tests;
			my $is = $port->{na}{$c} ?
			    { state => 'not applicable',
			    why => $port->{na}{$c} } :
			    @bad ? { state => 'failing', tests => \@bad } :
			    $stub{$c} ? { state => 'to write',
			    where => $stub{$c} } :
			    $state{$stages[$i]{name}} eq 'done' ?
			    { state => 'done' } : { state => 'not reached' };

			$is->{passed} = @good + 0;
			$is->{section} = "md(9), $c";
			$port->{stages}[$i]{clauses}{$c} = $is;
		}
	}
}

sub report {
	my ($arch) = @_;
	my $port = $result{$arch};
	my $out = sprintf "%s: reached: %s%s\n", $arch,
	    $port->{reached} // 'nothing',
	    $port->{next} ? "; next: $port->{next}" : '; the port is done';

	for my $s (@{$port->{stages}}) {
		$out .= sprintf "  %-12s %-12s %s\n", $s->{name}, $s->{state},
		    $s->{what};
		$out .= "      $_\n" for @{$s->{why} // []};
		$out .= listed($s) if $s->{state} ne 'not reached';
	}
	if ($port->{next} && $port->{next} ne 'matrix') {
		$out .= "  Next, for the stage $port->{next}:\n";
		$out .= "      " . to_write($_) . "\n"
		    for grep { $_->{stage} eq $port->{next} } @{$port->{stubs}};
		$out .= "  How, and what the others do there: porting(7), " .
		    "the stage $port->{next} (man ./port-guide/man/porting.7)\n";
	}
	return "$out\n";
}

# The clauses of a stage, those in the same state on a line.
sub listed {
	my ($s) = @_;
	my %by;
	my $out = '';

	for my $c (sort keys %{$s->{clauses} // {}}) {
		my $is = $s->{clauses}{$c};
		push @{$by{$is->{state} . ($is->{why} ? ": $is->{why}" : '')}},
		    $c;
	}
	for my $state (sort keys %by) {
		my $line = "      $state:";

		for my $c (@{$by{$state}}) {
			if (length "$line $c" > 78) {
				$out .= "$line\n";
				$line = '         ';
			}
			$line .= " $c";
		}
		$out .= "$line\n";
	}
	return $out;
}
