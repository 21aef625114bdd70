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

# The verdict on a console: what the guest printed, read line by line.  It
# is the one judge of saved consoles (verdict.pl) and of running machines
# (boot.pl).  The guest prints
#
#	==== portkit begin arch=amd64 cpus=4 ====
#	1..3
#	ok 1 - name
#	not ok 2 - name
#	ok 3 - name # SKIP reason
#	# a diagnostic
#	==== portkit end tests=3 failed=1 lines=5 ====
#
# and firmware prints what it likes before and after.  Only a stream that is
# whole and agrees with itself can pass: whatever is not understood fails,
# and nothing outside the markers, and no exit status, can make it green.

package Verdict;

use strict;
use warnings;

our $TAIL = 30;			# lines of console shown after a failure
my $NOTES = 20;			# diagnostics kept with one failed test
my $SHOWN = 5;			# examples shown of one kind of problem
my $WIDTH = 240;		# a longer line is cut when it is shown

# Firmware may leave its last line open, so the begin marker counts at the
# end of any line; the end marker is the guest's own and stands alone.
my $BEGIN = qr/==== portkit begin arch=([\w-]+) cpus=(\d+) ====\z/;
my $END = qr/\A==== portkit end tests=(\d+) failed=(\d+) lines=(\d+) ====\z/;
my $PLAN = qr/\A1\.\.(0|[1-9]\d{0,4})\z/;
my $TEST = qr/\A(not )?ok ([1-9]\d{0,4}) - (.*\S.*)\z/;

# The kinds of problems.  The first one in this order is the reason given,
# because it is the one that explains the others.
my @KINDS = qw(panic reset run truncated plan number foreign count machine
    empty failed);
my %rank = map { $KINDS[$_] => $_ } 0 .. $#KINDS;

# new(arch => A, cpus => N, on_plan => sub { n }, on_test => sub { test }):
# all optional.  The callbacks see the stream as far as it is in order: a
# test comes after the plan, by its number, each number once.
sub new {
	my ($class, %arg) = @_;

	return bless {
		%arg, state => 'before', buf => '', bytes => 0, nlines => 0,
		between => 0, tail => [], tests => [], notes => [],
		problems => {}, in_order => 1,
	}, $class;
}

# Take the next bytes of the console.
sub feed {
	my ($self, $bytes) = @_;
	my $from = length $self->{buf};

	$self->{bytes} += length $bytes;
	$self->{buf} .= $bytes;
	while ((my $end = index $self->{buf}, "\n", $from) >= 0) {
		my $line = substr $self->{buf}, 0, $end + 1, '';
		$from = 0;
		$self->line($line);
	}
}

sub line {
	my ($self, $line) = @_;

	$line =~ s/[\r\n]+\z//;
	$self->{nlines}++;
	push @{$self->{tail}}, $line;
	shift @{$self->{tail}} if @{$self->{tail}} > $TAIL;

	return $self->begin($1, $2) if $line =~ $BEGIN;
	# Firmware may say so too, and go on.
	$self->{early} //= show($line) if $line =~ /\Apanic: /;
	return if $self->{state} eq 'before' || $self->{state} eq 'reset';
	if ($line =~ /\Apanic: /) {
		$self->{panicked} = 1;
		$self->problem('panic', sprintf '%s (line %d%s)', show($line),
		    $self->{nlines}, $self->{state} eq 'ended' ?
		    ', after the end marker' : '; ' . $self->progress);
		$self->{between}++;
		return;
	}
	if ($self->{state} eq 'ended') {
		$self->problem('count', "a second end marker at line " .
		    $self->{nlines}) if $line =~ $END;
		return;
	}
	return $self->end($1, $2, $3) if $line =~ $END;
	$self->{between}++;
	$self->stream_line($line);
}

sub begin {
	my ($self, $arch, $cpus) = @_;

	if ($self->{state} ne 'before') {
		$self->problem('reset', "a second begin marker at line " .
		    "$self->{nlines}: the machine started again (reset or " .
		    "triple fault); " . $self->progress);
		$self->{state} = 'reset';
		return;
	}
	@$self{qw(state is_arch is_cpus)} = ('stream', $arch, $cpus);
}

# One line between the markers.
sub stream_line {
	my ($self, $line) = @_;

	if ($line =~ /\A\s*\z/) {
		return;
	} elsif ($line =~ /\A#/) {
		$self->note($line);
	} elsif ($line =~ $PLAN) {
		$self->plan($1);
	} elsif ($line =~ $TEST) {
		$self->test(!$1, $2, $3);
	} elsif (!$self->{panicked}) {
		# What follows a panic is its report, not foreign text.
		$self->problem('foreign', "line $self->{nlines} is neither " .
		    "TAP nor a # line: '" . show($line) . "'");
	}
}

# Diagnostics belong to the test that was running when they came, and, where
# that one failed, those that follow it do too.
sub note {
	my ($self, $line) = @_;
	my $last = $self->{tests}[-1];

	$self->{on_clock}->($1) if $self->{on_clock} &&
	    $line =~ /\A# the clock is at (\d+) ms\z/;
	push @{$self->{notes}}, $line;
	shift @{$self->{notes}} if @{$self->{notes}} > $NOTES;
	push @{$last->{notes}}, $line
	    if $last && !$last->{ok} && @{$last->{notes}} < $NOTES;
}

sub plan {
	my ($self, $n) = @_;

	if (defined $self->{plan}) {
		$self->out_of_order('plan', "a second plan at line " .
		    "$self->{nlines}: 1..$n after 1..$self->{plan}");
		return;
	}
	$self->{plan} = $n;
	$self->{on_plan}->($n) if $self->{on_plan} && $self->{in_order};
}

sub test {
	my ($self, $ok, $n, $name) = @_;
	my %test = (ok => $ok, n => $n, line => $self->{nlines});
	my $next = ($self->{highest} // 0) + 1;
	my $at = "at line $self->{nlines}";

	# Only SKIP is known: TODO would turn a failure into a pass.
	$test{skip} = $2 if $name =~ s/(.*?)\s*#\s*(SKIP\w*.*)\z/$1/i;
	$test{name} = $name;
	$test{notes} = [@{$self->{notes}}];
	$self->{notes} = [];

	if (!defined $self->{plan}) {
		$self->out_of_order('plan', "a test before the plan, $at");
	} elsif ($n > $self->{plan}) {
		$self->out_of_order('number', "test $n, $at, is beyond the " .
		    "plan 1..$self->{plan}");
	} elsif ($self->{seen}{$n}) {
		$self->out_of_order('number', "test $n comes twice, at lines " .
		    "$self->{seen}{$n} and $self->{nlines}");
	} elsif ($n > $next) {
		# The number left out may come later; it is no less wrong.
		$self->out_of_order('number', "test $next is missing: $n " .
		    "comes in its place, $at");
	}
	$self->{seen}{$n} //= $self->{nlines};
	$self->{highest} = $n if $n >= $next;
	push @{$self->{tests}}, \%test;
	$self->{on_test}->(\%test) if $self->{on_test} && $self->{in_order};
}

sub end {
	my ($self, $tests, $failed, $lines) = @_;
	my $have = @{$self->{tests}};
	my $bad = $self->failing;
	my $plan = $self->{plan};

	$self->{state} = 'ended';
	if (!defined $plan) {
		$self->problem('plan', "no plan");
	} elsif ($have < $plan) {
		$self->problem('count', "the plan is 1..$plan, but $have " .
		    plural($have, 'test') . " came");
	}
	$self->problem('count', "the end marker says lines=$lines, but " .
	    "$self->{between} came: output was lost or added")
	    if $lines != $self->{between};
	$self->problem('count', "the end marker says tests=$tests, but " .
	    "$have came") if $tests != $have;
	$self->problem('count', "the end marker says failed=$failed, but " .
	    "$bad failed") if $failed != $bad;
}

# The line that was left open counts too, once nothing more comes.
sub flush {
	my ($self) = @_;

	$self->line(substr $self->{buf}, 0, length $self->{buf}, '')
	    if $self->{buf} ne '';
}

# Nothing more comes.  `run' says what went wrong with the run itself, as the
# runner saw it from outside; undef where nothing did.
sub finish {
	my ($self, $run) = @_;
	my $bad;

	$self->flush;
	if (defined $run) {
		$run .= '; ' . $self->progress unless $self->ended;
		$self->problem('run', $run);
	} elsif ($self->{state} eq 'before') {
		$self->problem('truncated', $self->progress);
	} elsif ($self->{state} eq 'stream' && !$self->{panicked}) {
		$self->problem('truncated', 'no end marker: ' .
		    $self->progress);
	}
	if ($self->{state} eq 'ended') {
		$self->problem('empty', "ran no test" . ($self->skipped ?
		    " (all " . $self->skipped . " skipped)" : ''))
		    if $self->skipped == @{$self->{tests}};
	}
	if (defined $self->{is_arch}) {
		$self->problem('machine', "the console says " .
		    "arch=$self->{is_arch}, expected $self->{arch}")
		    if ($self->{arch} // $self->{is_arch}) ne $self->{is_arch};
		$self->problem('machine', "the console says " .
		    "cpus=$self->{is_cpus}, expected $self->{cpus}")
		    if ($self->{cpus} // $self->{is_cpus}) != $self->{is_cpus};
	}
	if (($bad = $self->failing) > 0) {
		my @names = map { "$_->{n} ($_->{name})" } $self->failures;
		splice @names, 3, @names, '...' if @names > 3;
		$self->problem('failed', sprintf '%d of %d %s failed: %s',
		    $bad, $self->{plan} // scalar @{$self->{tests}},
		    plural($self->{plan} // 2, 'test'),
		    show(join ', ', @names));
	}
}

# Keep the first few of a kind and count the rest.
sub problem {
	my ($self, $kind, $text) = @_;
	my $p = $self->{problems}{$kind} //= { n => 0, text => [] };

	push @{$p->{text}}, $text if $p->{n}++ < $SHOWN;
}

# From here on the stream cannot be handed on as it comes.
sub out_of_order {
	my ($self, $kind, $text) = @_;

	$self->{in_order} = 0;
	$self->problem($kind, $text);
}

sub failures { return grep { !$_->{ok} } @{$_[0]{tests}} }
sub failing { return scalar(my @bad = $_[0]->failures) }
sub skips { return grep { $_->{ok} && defined $_->{skip} } @{$_[0]{tests}} }
sub skipped { return scalar(my @skip = $_[0]->skips) }
# Nothing is wrong, or nothing but that tests failed.
sub whole {
	return !grep { $_ ne 'failed' } keys %{$_[0]{problems}};
}

sub passed { return !%{$_[0]{problems}} }
sub began { return $_[0]{state} ne 'before' }
sub ended { return $_[0]{state} eq 'ended' }
sub panicked { return $_[0]{panicked} }
sub was_reset { return $_[0]{state} eq 'reset' }
sub bytes { return $_[0]{bytes} }

# How far the guest came, in one phrase.
sub progress {
	my ($self) = @_;
	my $last = $self->{tests}[-1];
	my $plan = $self->{plan};

	if ($self->{state} eq 'before') {
		return "nothing was printed" if $self->{bytes} == 0;
		return "no begin marker, but $self->{early}"
		    if defined $self->{early};
		return sprintf "only firmware text (%d %s), no begin marker",
		    $self->{nlines}, plural($self->{nlines}, 'line');
	}
	return "the end marker had come" if $self->ended;
	if (!$last) {
		return "the begin marker had come, but no plan"
		    unless defined $plan;
		return "test 1 of $plan was running";
	}
	my $after = sprintf "'%sok %d - %s'", $last->{ok} ? '' : 'not ',
	    $last->{n}, show($last->{name});
	return "after $after, without a plan" unless defined $plan;
	return "all $plan tests were done, after $after"
	    if $last->{n} >= $plan;
	return sprintf "test %d of %d was running, after %s",
	    $last->{n} + 1, $plan, $after;
}

# The problems, most telling first.
sub problems {
	my ($self) = @_;
	my $p = $self->{problems};
	my @all;

	# What is no TAP in a console with a panic is the panic's report.
	$p = { map { $_ => $p->{$_} } grep { $_ ne 'foreign' } keys %$p }
	    if $p->{panic};
	for my $kind (sort { $rank{$a} <=> $rank{$b} } keys %$p) {
		my $more = $p->{$kind}{n} - @{$p->{$kind}{text}};
		push @all, @{$p->{$kind}{text}};
		push @all, "... and $more more of this kind" if $more > 0;
	}
	return @all;
}

# The one line.
sub verdict {
	my ($self) = @_;
	my $who = defined $self->{is_arch} ?
	    "$self->{is_arch} cpus=$self->{is_cpus}" :
	    $self->{arch} // 'console';
	my @problems = $self->problems;

	return "FAIL $who: $problems[0]" if @problems;
	return sprintf 'PASS %s: %d ok, %d skipped', $who,
	    @{$self->{tests}} - $self->skipped, $self->skipped;
}

# What a person wants to see under the line: other problems, failed and
# skipped tests.
sub details {
	my ($self) = @_;
	my (undef, @also) = $self->problems;
	my @out = map { "also: $_" } @also;

	for my $t ($self->failures) {
		push @out, "not ok $t->{n} - " . show($t->{name}) .
		    " (line $t->{line})";
		push @out, map { "    " . show($_) } @{$t->{notes}};
	}
	for my $t ($self->skips) {
		push @out, "skipped $t->{n} - " . show($t->{name}) . ": " .
		    (show($t->{skip} =~ s/\ASKIP\w*\s*//ir) || 'no reason');
	}
	return @out;
}

# The end of the console, numbered as in the log; `log' is its name.
sub tail {
	my ($self, $log) = @_;
	my @tail = @{$self->{tail}};
	my $n = $self->{nlines} - @tail;

	return () unless @tail;
	return (sprintf('the last %d %s of %s:', scalar @tail,
	    plural(scalar @tail, 'line'), $log),
	    map { sprintf '%5d| %s', ++$n, show($_) } @tail);
}

# A string from the guest, made safe for a terminal and for TAP.
sub show {
	my ($s) = @_;

	$s = substr($s, 0, $WIDTH) . '...' if length $s > $WIDTH;
	$s =~ s/([^\x20-\x7e\t])/sprintf '\\x%02x', ord $1/ge;
	return $s;
}

sub plural {
	my ($n, $word) = @_;

	return $n == 1 ? $word : $word . 's';
}

1;
