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

# The protocol checker: boots the conformance suite with all CPUs on one host
# thread, and holds what the glue did against the contract.  Two witnesses
# write one log, in order: the plugin (tests/plugin/witness.c) says which
# instructions were executed, QEMU's device trace which values the interrupt
# controller got.  Where both see a thing they must agree.  TAP: one test for
# each property.  WORD= in the environment is a property: when it has gone
# wrong, that is the end.
#
# What an architecture's md-X/proof/witness gives, a hash:
#
#	cells		name of a cell => its controller, as below
#	cpu		the register that a CPU is known by
#	look, io	objects of the folder whose instructions are looked at,
#			and those that may touch the controller's registers
#	insn		[tag => pattern], the first that matches counts; a
#			pattern is VALUE/MASK of a 32-bit word, or bytes
#	cas		the tags of compare-and-swap, where success cannot be
#			told from an exclusive load before
#	at		[tag, symbol]: entries from interrupts, entry:NAME where
#			the vector says which interrupt it is
#	controllers	for each: trace (its events for QEMU), events [what,
#			pattern of a trace line, decoder, pattern of its CPU],
#			trace_cpu, tags or device: what of these the plugin sees,
#			as an instruction's tag or as a device access; and what
#			publishes a call: fence, after
#
# Tags: off on (interrupts), entry return, halt, send ack eoi (the doorbell, on
# system registers), reserve take (how a slot is taken, and given back),
# those of fences and of the cache.  Events: send received ack eoi ready high
# init start.

use strict;
use warnings;
no warnings 'portable';		# numbers of 64 bits
use File::Basename qw(dirname);
use File::Path qw(make_path);
use FindBin;
use POSIX qw(mkfifo);
use lib "$FindBin::Bin/lib";
use Machines;
use Witness;

# All that ring, but few of those that ring for long; ALL has no limit but
# what would take minutes.
my $TESTS = 'run_pairs,run_eoi,run_idle,level_,table_remote,full_at,' .
    'order_con,sync_,many_,all_to,use_cache,sleep_,idle_un,spurious,' .
    '-run_idle_r,-storm';
my $ALL = '-fair,-run_wrap';
my $MAXBAD = 3;			# said of one property
my $LAST = 12;			# lines of a CPU that are kept to be shown
my $top = dirname $FindBin::Bin;

# The properties, in the order of the report: clause, and what they are.
my @properties = (
	[agree => 'X-IPI-1', 'plugin and device trace agree'],
	[publish => 'X-IPI-1', 'a call is published before the doorbell rings'],
	[introff => 'X-INTR-1', 'posted and rung with interrupts off'],
	[doorbells => 'X-RING-1 X-IPI-1 X-IPI-2',
	    'one doorbell for each queue that was empty'],
	[online => 'X-CPU-3', 'only CPUs that are ready are rung'],
	[register => 'X-IPI-1', 'the register is written as its manual says'],
	[received => 'X-IPI-1', 'received by exactly those that were rung'],
	[taken => 'X-IPI-1', 'each doorbell is answered'],
	[ackeoi => 'X-SOFT-2', 'acknowledge and end-of-interrupt are pairs'],
	[spurious => 'X-IPI-1', 'a spurious interrupt is not ended'],
	[dispatch => 'X-SOFT-2', 'end-of-interrupt before the soft interrupt'],
	[owner => 'X-SOFT-2', 'a queue is run by its CPU'],
	[halt => 'IDLE-1', 'no interrupt is missed on the way into the halt'],
	[cache => 'USE-1', 'the caches written back once on each CPU'],
	[start => 'SMP-1', 'CPUs are started as their manual says'],
);
my %clause = map { $_->[0] => $_->[1] } @properties;

my ($k, $c, $t, $cellname);	# kernel, controller, table, cell
my (%cpu, %queue, %ready, %pending, %started, %inited, %owner, %cache);
my $lines = 0;
my (%seen, %bad, @bad, @device, $expect, $last, $line, $calls, $begun);
my ($layout, $sent, @received, $test);

sub bad {
	my ($property, $cpu, $text) = @_;
	my $s = $cpu{$cpu // -1};

	return if $bad{$property}++ >= $MAXBAD;
	push @bad, "$property: " . (defined $cpu ? "cpu$cpu" : 'trace') .
	    ($s && $s->{pc} ? ' at ' . Witness::where($k, $s->{pc}) : '') .
	    ": $text" . (defined $test ? ", in $test" : '') .
	    " ($clause{$property})";
	push @bad, map { sprintf '    %-24s %s%s', where($_->[0]), $_->[1],
	    defined $_->[2] ? " $_->[2] 0x$_->[3]" : '' } @{$s->{last}} if $s;
}

sub saw { $seen{$_[0]}++ }

sub cpu { return $cpu{$_[0]} //= { n => $_[0], off => 1, insvc => [],
    owed => {}, fences => [], last => [] } }

sub names { return join ' ', map { "cpu$_" } @_ }

sub where { return Witness::where($k, $_[0]) }

#
# What the plugin says
#

sub plugin {
	my ($n, $tag, $pc, $how, $addr) = @_;
	my $s = cpu($n);

	$pc = hex $pc;
	check_received() unless defined $how && $how =~ /[RW]/;
	if ($expect && !$expect->{optional}) {
		bad('agree', $expect->{n}, "executed '$expect->{what}', and " .
		    'the device trace shows none');
	}
	$expect = undef;
	$s->{pc} = $pc;
	push @{$s->{last}}, [$pc, $tag, $how, $addr];
	shift @{$s->{last}} if @{$s->{last}} > $LAST;
	if ($tag eq 'begin') {
		$begun = 1;
		@device = ();
		return;
	}
	return unless $begun;
	started($s) if !$s->{runs}++;
	if ($s->{after} && !defined $how) {
		bad('publish', $n, "the doorbell is followed by '$tag', not " .
		    "by '$s->{after}'") if $tag ne $s->{after};
		$s->{after} = undef;
	}
	bad('halt', $n, 'goes on after a halt with interrupts off')
	    if $s->{halted} && $tag ne 'halt';
	$s->{halted} = 0;
	if (defined $how) {
		$how =~ /[RW]/ ? device($s, "$how $addr") :
		    queue($s, $tag, $pc, $how, hex $addr);
	} else {
		bad('agree', undef, "'$device[0][1]': no instruction that is " .
		    'watched did this') if @device;
		@device = ();
		executed($s, $tag, $pc);
	}
	$s->{before} = [$tag, $pc];
	$last = $s;
}

sub executed {
	my ($s, $tag, $pc) = @_;

	if ($tag eq 'off') {
		$s->{off} = 1;
	} elsif ($tag eq 'on') {
		bad('introff', $s->{n}, 'interrupts go on between the slot ' .
		    'reserved and the call published') if $s->{reserved};
		$s->{wasoff} = $s->{off};
		$s->{off} = 0;
	} elsif ($tag =~ /\Aentry(?::(.*))?\z/) {
		entry($s, $1);
	} elsif ($tag eq 'return') {
		bad('ackeoi', $s->{n}, "returns from '$s->{insvc}[-1]{name}' " .
		    'without its end-of-interrupt') if @{$s->{insvc}};
		$s->{insvc} = [];
		$s->{off} = 0;
	} elsif ($tag eq 'halt') {
		halt($s, $pc);
	} elsif ($tag eq 'dispatch') {
		saw('dispatch');
		bad('dispatch', $s->{n}, 'the soft interrupt begins, and the ' .
		    "end of '$s->{insvc}[-1]{name}' is not signalled")
		    if @{$s->{insvc}};
		owed_nothing($s, 'begins to dispatch');
	} elsif ($tag eq 'test') {
		$test = $k->{tests}{$pc};
	} elsif ($tag eq 'cacheall') {
		$calls++;
	} elsif ($tag eq 'cachebegin') {
		$s->{cache} = 0;
	} elsif ($tag eq 'cacheend') {
		cache_end($s) if defined $s->{cache};
	} elsif ($tag eq 'establish') {
		$s->{establish} = undef;
	} elsif ($c->{tags} && $c->{tags}{$tag}) {
		$expect = { n => $s->{n}, what => $c->{tags}{$tag},
		    optional => $c->{tags}{$tag} eq 'any' };
	}
	push @{$s->{fences}}, $tag if @{$s->{fences}} < 8;
	$s->{cache}++ if defined $s->{cache} &&
	    $tag eq ($c->{cache}[$s->{cache}] // '');
	$s->{cacheextra} = 1 if $tag eq $c->{cache}[0] && defined $s->{cache} &&
	    $s->{cache} > 1;
}

# The first instruction of a CPU in the kernel.
sub started {
	my ($s) = @_;

	return if $s->{n} == 0 || !$c->{starts};
	bad('start', $s->{n}, 'runs, and nobody started it')
	    unless $started{$s->{n}};
}

sub entry {
	my ($s, $name) = @_;

	bad('introff', $s->{n}, 'an interrupt comes between the slot ' .
	    'reserved and the call published') if $s->{reserved};
	$s->{off} = 1;
	$s->{high} = undef;
	ack($s, { irq => $name, value => $name }) if defined $name;
}

sub halt {
	my ($s, $pc) = @_;

	saw('halt');
	owed_nothing($s, 'halts');
	if ($c->{halt} eq 'masked') {
		bad('halt', $s->{n}, 'waits for an interrupt with interrupts ' .
		    'on: one that came before it is served, and then it waits')
		    unless $s->{off};
		return;
	}
	# With interrupts off it is for ever.
	return $s->{halted} = 1 if $s->{off};
	my ($tag, $at) = @{$s->{before} // ['nothing', 0]};
	bad('halt', $s->{n}, "halts after '$tag' at " . where($at) .
	    ': an interrupt can come between; expected is ' .
	    $c->{halt_text}) if $tag ne 'on' || $at + 1 != $pc;
	bad('halt', $s->{n}, 'was not masked when it looked for work')
	    unless $s->{wasoff};
}

sub cache_end {
	my ($s) = @_;

	bad('cache', $s->{n}, 'acknowledges, and has not done: ' .
	    $c->{cache_text}) if $s->{cache} < @{$c->{cache}};
	bad('cache', $s->{n}, 'writes back twice') if $s->{cacheextra};
	saw('cache');
	$cache{$s->{n}}++;
	$s->{cache} = $s->{cacheextra} = undef;
}

#
# The queues
#

sub owed_nothing {
	my ($s, $does) = @_;
	my @owed = grep { defined $owner{$_} } sort keys %{$s->{owed}};

	bad('doorbells', $s->{n}, "$does, and has not rung " .
	    names(map { $owner{$_} } @owed) . ', whose queue was empty')
	    if @owed;
	delete @{$s->{owed}}{@owed};
}

# An access to a queue, or the making of one.
sub queue {
	my ($s, $tag, $pc, $how, $addr) = @_;
	my ($q, $off);

	if (exists $s->{establish} && $how eq 'w' &&
	    $pc >= $k->{learn}[0] && $pc < $k->{learn}[1]) {
		my ($near) = grep { abs($addr - $_) < $layout->{size} }
		    keys %queue;

		return if defined $near && $near <= $addr;
		my $old = delete $queue{$near // ''};
		$queue{$addr} = $old // { used => 0, version => 0,
		    n => scalar keys %queue };
		return;
	}
	for my $base ($s->{base} // (), keys %queue) {
		$off = $addr - $base;
		next if $off < 0 || $off >= $layout->{size} || !$queue{$base};
		$q = $queue{$base};
		$s->{base} = $base;
		last;
	}
	return unless $q;
	if ($off >= $layout->{slots}) {
		slot($s, $q, $pc) if $how eq 'w';
	} elsif ($how eq 'r') {
		$s->{casexpect}{$q->{n}} = $s->{read}{$q->{n}};
		$s->{read}{$q->{n}} = $q->{version};
	} else {
		ends($s, $q, $tag);
	}
}

# The word of a queue is written: did it succeed?
sub ends {
	my ($s, $q, $tag) = @_;
	my $cas = $t->{cas} && $tag =~ $t->{cas};
	my $expect = $cas ? $s->{casexpect}{$q->{n}} : $s->{read}{$q->{n}};

	return if ($expect // -1) != $q->{version};
	if ($tag eq 'reserve') {
		saw('introff');
		bad('introff', $s->{n}, 'a slot is reserved with interrupts on')
		    unless $s->{off};
		$q->{version}++;
		$s->{reserved} = { q => $q, used => $q->{used}++ };
	} elsif ($tag eq 'take') {
		$q->{version}++;
		$q->{used}--;
	} else {
		bad('agree', $s->{n}, "'$tag' writes the word of a queue: " .
		    'neither reserves nor takes');
	}
}

# A slot is stored to: a call published, or the slot emptied.
sub slot {
	my ($s, $q, $pc) = @_;
	my $r = $s->{reserved};

	if (!$r) {
		my $owner = $owner{$q->{n}} //= $s->{n};

		saw('owner');
		delete $s->{owed}{$q->{n}} if $owner == $s->{n};
		bad('owner', $s->{n}, "takes a call from the queue of cpu$owner")
		    if $owner != $s->{n};
		return;
	}
	bad('introff', $s->{n}, 'reserved in one queue, published in another')
	    if $r->{q} != $q;
	$s->{reserved} = undef;
	$s->{fences} = [];
	$s->{published} = $pc;
	$s->{owed}{$q->{n}} = 1
	    if $r->{used} == 0 && ($owner{$q->{n}} // -1) != $s->{n};
}

#
# What the device trace says
#

# A line of it: of a system register, where the instruction was just seen; or
# of a device, where it follows.
sub trace {
	my ($text) = @_;

	return unless $begun;
	for my $e (@{$c->{events}}) {
		my ($what, $re, $decode, $cpu) = @$e;
		my @fields = $text =~ $re or next;
		my $event = $decode->(@fields);

		return unless $event;
		$event->{what} = $event->{is} // $what;
		$event->{cpu} = $c->{trace_cpu}->($cpu =~ /\(\\d/ ? $1 : hex $1)
		    if $cpu && $text =~ $cpu;
		if ($what eq 'received') {
			received($event);
		} elsif ($c->{device}) {
			push @device, [$event, $text];
		} else {
			sysreg($event, $text);
		}
		return;
	}
}

sub sysreg {
	my ($event, $text) = @_;
	my $what = $event->{what};

	if ($expect && ($expect->{what} eq $what ||
	    $expect->{what} eq 'any')) {
		bad('agree', $expect->{n}, "executed '$what', and the trace " .
		    "has it from cpu$event->{cpu}: $text")
		    if defined $event->{cpu} && $event->{cpu} != $expect->{n};
	} elsif ($what ne 'ready') {
		bad('agree', undef, "'$text': no instruction that is watched " .
		    'did this');
	}
	saw('agree');
	my $s = $expect ? $cpu{$expect->{n}} : defined $event->{cpu} ?
	    cpu($event->{cpu}) : $last;
	$expect = undef if $expect && $expect->{what} ne 'any';
	event($s, $event);
}

# The plugin has seen a device access: what was traced just before was that.
sub device {
	my ($s, $access) = @_;
	my $what = ($c->{device} // {})->{$access};

	return if !defined $what && @device == 0;
	bad('agree', $s->{n}, "accesses the controller ($access, " .
	    ($what // 'unknown') . '), and the device trace shows ' .
	    (@device ? join(', ', map { $_->[0]{what} } @device) : 'nothing'))
	    if @device != 1 || !defined $what ||
	    ($device[0][0]{of} // $device[0][0]{what}) ne $what;
	for (@device) {
		my $event = $_->[0];

		saw('agree');
		bad('agree', $s->{n}, "the trace has it from cpu$event->{cpu}: " .
		    $_->[1]) if defined $event->{cpu} &&
		    $event->{cpu} != $s->{n};
		event($s, $event);
	}
	@device = ();
	check_received();
}

sub event {
	my ($s, $event) = @_;
	my $what = $event->{what};

	$event->{what} eq 'send' ? send_($s, $event) :
	$event->{what} eq 'ack' ? ack($s, $event) :
	$event->{what} eq 'eoi' ? eoi($s, $event) :
	$event->{what} eq 'ready' ? ready($s, $event) :
	$event->{what} eq 'high' ? ($s->{high} = $event) :
	$event->{what} =~ /\A(?:init|start)\z/ ? start($s, $event) : 0;
}

sub ready {
	my ($s, $event) = @_;

	$ready{$s->{n}} = $event->{on};
}

sub high {
	my ($s, $event) = @_;

	return 1 unless $c->{high};
	bad('register', $s->{n}, 'the destination is not written before the ' .
	    'command, or an interrupt came between') unless $s->{high};
	$event->{targets} //= [$event->{to}->($s->{high})] if $s->{high};
	$s->{high} = undef;
	return $event->{targets};
}

sub send_ {
	my ($s, $event) = @_;
	my $n = $s->{n};

	saw('register');
	return unless high($s, $event);
	if (defined(my $wrong = $event->{wrong})) {
		bad('register', $n, "the doorbell '$event->{irq}': $wrong");
	}
	my @to = @{$event->{targets}};
	bad('register', $n, "the doorbell '$event->{irq}' goes to nobody")
	    unless @to;
	$sent = { s => $s, to => { map { $_ => 1 } @to },
	    irq => $event->{irq} };
	$s->{after} = $c->{after};
	for my $to (@to) {
		saw('online');
		bad('online', $n, "'$event->{irq}' for cpu$to, whose " .
		    'controller is not enabled') unless $ready{$to};
		# Several GICv2 senders are told apart, and so acknowledged.
		my $id = $event->{irq} . ($c->{per_sender} ? "/$n" : '');
		$pending{$to}{$id} //= [$., $test];
	}
	doorbell($s, @to) if $event->{irq} eq 'xcall';
	bad('register', $n, "rings with '$event->{irq}', which is none of " .
	    "this kernel's") unless $event->{irq} =~ /\A(?:xcall|ipi|nmi)\z/;
}

sub doorbell {
	my ($s, @to) = @_;
	my ($n, @fences) = ($s->{n}, @{$s->{fences}});

	saw('publish');
	for my $want (@{$c->{fence}}) {
		shift @fences while @fences && $fences[0] ne $want;
		next if @fences;
		bad('publish', $n, 'the doorbell for ' . names(@to) .
		    " rings without '$c->{fence_text}' since the call was " .
		    'published at ' . where($s->{published} // 0));
		last;
	}
	bad('introff', $n, 'the doorbell rings with interrupts on')
	    unless $s->{off};
	for my $to (@to) {
		my ($q) = grep { ($owner{$_} // -1) == $to }
		    keys %{$s->{owed}};

		# A queue that nobody has taken from yet: of this CPU, then.
		($q) = grep { !defined $owner{$_} } sort { $a <=> $b }
		    keys %{$s->{owed}} if !defined $q &&
		    !grep { $_ == $to } values %owner;
		saw('doorbells');
		if (!defined $q) {
			bad('doorbells', $n, "rings cpu$to, whose queue did " .
			    'not become non-empty by a call from here');
			next;
		}
		$owner{$q} //= $to if @to == 1;
		delete $s->{owed}{$q};
	}
}

sub received {
	my ($event) = @_;

	saw('received');
	push @received, $event;
}

sub check_received {
	return unless $c->{received};
	for my $event (@received) {
		for my $to (@{$event->{targets}}) {
			next if $sent && $event->{irq} eq $sent->{irq} &&
			    delete $sent->{to}{$to};
			bad('received', $sent ? $sent->{s}{n} : undef,
			    "cpu$to gets '$event->{irq}'; " . ($sent ?
			    "it was '$sent->{irq}' for " .
			    names(sort keys %{$sent->{to}}) : 'nobody sent it'));
		}
	}
	bad('received', $sent->{s}{n}, "'$sent->{irq}' does not reach " .
	    names(sort keys %{$sent->{to}})) if $sent && %{$sent->{to}};
	@received = ();
	$sent = undef;
}

sub ack {
	my ($s, $event) = @_;
	my ($n, $irq) = ($s->{n}, $event->{irq});

	saw('ackeoi');
	if ($c->{spurious} && $c->{spurious}->($event->{value})) {
		saw('spurious');
		$s->{spurious} = 1;
		return;
	}
	$s->{spurious} = 0;
	push @{$s->{insvc}}, { value => $event->{value},
	    name => $irq // "interrupt $event->{value}" };
	return if !defined $irq || $irq !~ /\A(?:xcall|ipi)\z/;
	my $id = $irq . ($c->{per_sender} ? "/$event->{from}" : '');
	saw('taken');
	bad('taken', $n, "takes '$id', and nobody sent it")
	    unless delete $pending{$n}{$id};
}

sub eoi {
	my ($s, $event) = @_;
	my $top = pop @{$s->{insvc}};

	if (!$top) {
		bad($s->{spurious} ? 'spurious' : 'ackeoi', $s->{n},
		    "an end-of-interrupt for nothing ($event->{value})");
	} elsif (!$c->{eoi_any} && $top->{value} != $event->{value}) {
		bad('ackeoi', $s->{n}, sprintf "acknowledged 0x%x " .
		    "('$top->{name}'), ended 0x%x", $top->{value},
		    $event->{value});
	}
}

sub start {
	my ($s, $event) = @_;

	return unless high($s, $event);
	saw('start');
	bad('start', $s->{n}, "$event->{what}: $event->{wrong}")
	    if defined $event->{wrong};
	for my $to (@{$event->{targets}}) {
		bad('start', $s->{n}, "$event->{what} for itself")
		    if $to == $s->{n};
		# A second start-up may come late, an INIT must not.
		bad('start', $s->{n}, "INIT for cpu$to, which runs")
		    if $event->{what} eq 'init' && $ready{$to};
		if ($event->{what} eq 'init') {
			$inited{$to}++;
			next;
		}
		bad('start', $s->{n}, "cpu$to is started before its INIT")
		    if $c->{init} && !$inited{$to};
		bad('start', $s->{n}, "cpu$to is started $started{$to} times")
		    if ++$started{$to} > $c->{starts};
	}
}

#
# A run
#

sub judge {
	my ($fh) = @_;

	while ($line = <$fh>) {
		return if $bad{$ENV{WORD} // ''};
		if ($line =~ /\A@(\d+) (\S+) (\S+)(?: (\w) (\w+))?/) {
			plugin($1, $2, $3, $4, $5);
		} else {
			trace($line =~ s/\s+\z//r);
		}
	}
	check_received();
	$test = undef;
	bad('agree', undef, 'the log is empty: no plugin, or no kernel')
	    unless $begun;
	my $end = $lines = $. || 0;
	for my $to (sort keys %pending) {
		for my $id (sort keys %{$pending{$to}}) {
			# What was sent last may find the machine off.
			my ($at, $in) = @{$pending{$to}{$id}};

			bad('taken', $to, "'$id' was sent, and never taken" .
			    (defined $in ? ": since $in" : ''))
			    if $end - $at > 2000;
		}
	}
	owed_nothing($_, 'is at its end') for values %cpu;
	for my $n (sort grep { $ready{$_} } keys %ready) {
		my $did = $cache{$n} // 0;

		bad('cache', $n, "wrote back $did times, " .
		    'wbinvd_on_all_cpus_acked() was called ' .
		    ($calls // 0) . ' times') if $did != ($calls // 0);
	}
}

# What the plugin is to look for.
sub points {
	my ($file, $api) = @_;
	my $md = "md-$t->{arch}";
	my @objects = ('mi/xcall/xcall', 'mi/kern/thread', 'mi/kern/xcall_use',
	    map { "$md/$_" } @{$t->{look}});
	my ($from) = sort { $a <=> $b } map { $_->[0] } map { @$_ }
	    values %{$k->{obj}};
	my ($to) = sort { $b <=> $a } map { $_->[1] } map { @$_ }
	    values %{$k->{obj}};
	my $establish = Witness::symbol($k, 'cpu_xcall_establish');
	my ($next) = grep { $_ > $establish } map { $_->[0] } @{$k->{at}};

	$k->{learn} = [$establish, $next];
	make_path(dirname $file);
	open my $fh, '>', $file or die "$file: $!\n";
	printf $fh "text %x %x\n", $from, $to;
	print $fh "cpu $t->{cpu}\n" if $api > 1;
	for my $at (@{$t->{at}}, ['begin', 'kern_main'],
	    ['dispatch', 'cpu_xcall_dispatch'],
	    ['establish', 'cpu_xcall_establish'],
	    ['cacheall', 'wbinvd_on_all_cpus_acked'],
	    ['cachebegin', 'wbinvd_xcall'], ['cacheend', 'refcnt_rele_wake']) {
		printf $fh "at %s %x\n", $at->[0],
		    Witness::symbol($k, $at->[1]);
	}
	$k->{tests} = { map { $_->[1] =~ /\Atest_(.*)/ ? ($_->[0] => $1) : () }
	    @{$k->{at}} };
	printf $fh "at test %x\n", $_ for keys %{$k->{tests}};
	printf $fh "%s %s %s\n", $_->[0] =~ /\A(?:reserve|take)\z/ ? 'name' :
	    'insn', $_->[0], Witness::pattern($_->[1]) for @{$t->{insn}};
	print $fh Witness::ranges($k, 'look', $_) for @objects;
	print $fh map { Witness::ranges($k, 'io', $_) } @objects,
	    map { "$md/$_" } @{$t->{io}} if $c->{device};
	print $fh Witness::ranges($k, 'watch', 'mi/xcall/xcall');
	printf $fh "learn %x %x\n", @{$k->{learn}};
	printf $fh "place %x\n", $layout->{size};
	printf $fh "part r %x %x\n", $layout->{ends},
	    $layout->{ends} + $layout->{ends_size};
	printf $fh "part w %x %x\n", $layout->{ends},
	    $layout->{ends} + $layout->{ends_size};
	printf $fh "part w %x %x\n", $layout->{slots},
	    $layout->{slots} + $layout->{slots_size};
	close $fh or die "$file: $!\n";
}

# Boots, and judges the log while it grows.  Returns the status of boot.pl.
sub boot {
	my ($plugin, $dir) = @_;
	my @icount = $c->{no_icount} ? () :
	    ('-icount', 'shift=0,sleep=off', '-rtc',
	    'clock=vm,base=2026-01-01');
	my @args = (@icount, '-plugin', "$plugin,points=$dir/points",
	    '-d', join(',', 'plugin', map { "trace:$_" } @{$c->{trace}}),
	    '-D', "$dir/log");
	my ($pid, $log);

	unlink "$dir/log";
	mkfifo("$dir/log", 0600) or die "$dir/log: $!\n";
	defined($pid = fork) or die "fork: $!\n";
	if ($pid == 0) {
		# Kept open, so that the log ends when the boot does, also
		# where QEMU never opens it.
		$^F = 20;
		open my $hold, '>', "$dir/log" or POSIX::_exit(127);
		open STDOUT, '>', "$dir/boot" or POSIX::_exit(127);
		open STDERR, '>&', \*STDOUT;
		$ENV{ACCEL} = 'tcg,thread=single';
		$ENV{TESTS} = $ALL if ($ENV{TESTS} // '') eq 'ALL';
		delete $ENV{HARNESS_ACTIVE};
		exec $^X, "$top/tests/boot.pl", (map { "--qemu=$_" } @args),
		    '--append=tests=' . ($ENV{TESTS} || $TESTS), $cellname
		    or POSIX::_exit(127);
	}
	open $log, '<', "$dir/log" or die "$dir/log: $!\n";
	judge($log);
	kill 'TERM', $pid if !eof $log;
	close $log;		# what it still has to write is not waited for
	waitpid $pid, 0;
	unlink "$dir/log";
	return $? >> 8;
}

sub run {
	my ($arch, $name) = @_;
	my $dir = "$top/obj/$arch/protocol/" . (split m{/}, $name, 2)[1] =~
	    tr{/}{-}r;
	my ($why, $api, $status, $n);

	($cellname, $c) = ($name, $t->{controllers}{$t->{cells}{$name}});
	($api, $why) = Witness::api($name);
	$why //= "$t->{cells}{$name} needs QEMU $c->{needs_qemu}"
	    if $api && $api < 4 && $c->{needs_qemu};
	if (defined $why) {
		print "1..0 # SKIP $name: $why\n";
		return 0;
	}
	make_path($dir);
	points("$dir/points", $api);
	$status = boot("$top/obj/plugin/witness-$api.so", $dir);
	print "# $name: ", $lines, " lines judged\n";
	print '1..', @properties + 1, "\n";
	for my $p (@properties) {
		my ($property, $clause, $text) = @$p;
		my $not = $c->{not}{$property};
		my $ok = !$bad{$property} && ($seen{$property} || $not);

		bad($property, undef, 'this was never seen: the table, or ' .
		    'the choice of tests, is wrong')
		    if !$ok && !$bad{$property} && $begun;
		print $ok ? "" : "not ", "ok ", ++$n, " - $property ($text)",
		    $not ? " # SKIP $not" : " (" . ($seen{$property} // 0) . ')', "\n";
	}
	print $status == 0 ? '' : 'not ', 'ok ', ++$n, " - the boot\n";
	print STDERR map { "# $name: protocol $_\n" } @bad;
	if ($status != 0) {
		open my $boot, '<', "$dir/boot";
		print STDERR map { "# $_" }
		    grep { /^(?:#|not|boot\.pl)/ } <$boot>;
	}
	return $status != 0 || @bad ? 1 : 0;
}

sub main {
	my $name = shift @ARGV // '';
	my ($arch) = split m{/}, $name;
	my @arches = grep { -e "$top/md-$_/proof/witness" }
	    Machines::arches($top);

	if ($name =~ /\A--list\z/) {
		for my $arch (@ARGV ? @ARGV : @arches) {
			my $t = Witness::tables($top, $arch);

			print map { "$_\n" } map { "$arch/$_" }
			    sort keys %{$t->{cells}};
		}
		return 0;
	}
	if (!grep { $_ eq ($arch // '') } @arches) {
		print STDERR "usage: protocol.pl ARCH/MACHINE/CPUS | --list " .
		    "[ARCH]; there are: @arches\n";
		return 2;
	}
	$t = Witness::tables($top, $arch);
	$t->{arch} = $arch;
	$t->{cells} = { map { ("$arch/$_", $t->{cells}{$_}) }
	    keys %{$t->{cells}} };
	if (!$t->{cells}{$name}) {
		print STDERR "protocol.pl: the tables know these cells: " .
		    join(' ', sort keys %{$t->{cells}}) . "\n";
		return 2;
	}
	chdir $top or die "$top: $!\n";
	$top = '.';
	$k = Witness::kernel("obj/$arch/mp");
	$layout = Witness::layout($k);
	return run($arch, $name);
}

exit main();
