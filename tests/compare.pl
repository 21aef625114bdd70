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

# What a cross-call costs, counted: boots every architecture's kernel with the
# plugin tests/plugin/count.c while it acts the cases of tests/compare/, all
# CPUs on one host thread whose clock is the count of instructions, and sets
# the results side by side.  Each boot is made twice; the two must agree to
# the byte.  QEMU's device trace is in the same log and must agree too.  The
# results are in obj/compare/; tests/compare/schema.md says what is in them.
#
# What an architecture's md-X/proof/compare gives, a hash:
#
#	columns		what is measured: cell, what boot.pl calls it;
#			controller, for people; witness, in md-X/proof/witness;
#			any, names that the trace agrees with together, where
#			an instruction does not show which register it is for
#	scaling		the same, for sets of all sizes; full, with SCALE=full
#	check		the same, for `make check' and `make budget': machines
#			that start soon
#	entry		symbols where interrupts enter that have no "vector"
#	class		[class => pattern], as in tests/plugin/count.c; a
#			pattern is VALUE/MASK of a 32-bit word, or bytes
#	reg		[name, pattern, stage], a system register: the first
#			that matches counts; stage, if it is meant there only
#	dev		[name, 'r|w address'], a device's register
#	send, ack, eoi	names of these that ring, acknowledge, end
#	budget		controller => most instructions of `running'
#	cluster		the controller that rings 16 CPUs at once
#
# Another kernel is measured with IMAGE= and LABELS=, tests/lib/Image.pm.

# proves compare measured: POINT-1
# proves compare budget: POINT-1
# proves compare log: POINT-1

use strict;
use warnings;
no warnings 'portable';		# numbers of 64 bits
use Cwd qw(abs_path);
use Digest::SHA ();
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Spec;
use FindBin;
use JSON::PP ();
use List::Util qw(max sum0);
use POSIX ();
use lib "$FindBin::Bin/lib";
use Compare;
use Elf;
use Image;
use Machines;
use Witness;

my $dir = 'obj/compare';
my $VERSION = 1;
my $LIMIT = 1800;		# seconds of a large machine, or another kernel
my @STAGES = map { $_->[0] } @Compare::STAGES;
my @METRICS = map { $_->[0] } @Compare::MEASURES;
# The triple of the budgets: names of stages.
my ($POSTED, $TAKEN, $RETURNED) = map { [@$_[1 .. $#$_]] } @Compare::SPANS;
# Cases that are kept path by path.
my %path = map { $_ => 1 } qw(self running idle deferred coalesced sync);
# What a count may depend on.
my $SLOT = 'which slot of the ring, and so which cache line, a call gets';
my $ORDER = 'which of several CPUs comes first, and what it finds';
my %opt = (CC => 'clang', LD => 'ld.lld', JOBS => 2, ARCH => '', CASE => '',
    BASE => '', SCALE => '', IMAGE => '', LABELS => '', OUT => '',
    BOUND => 0);

sub stop { die "compare.pl: $_[0]\n" }

#
# What the plugin is told
#

# The points of a kernel: [name, address].
sub points {
	my ($file) = @_;
	my $elf = Elf::sections($file);
	my $s = $elf->{'.md_points'} or
	    stop("$file has no labels: no section .md_points");
	my @flat = unpack "($s->{word} Z*)*", $s->{data};
	my @points;

	while (my ($addr, $name) = splice @flat, 0, 2) {
		push @points, [$name, $addr];
	}
	return @points;
}

sub labels {
	my ($file, $col) = @_;
	my ($k, $t) = @$col{qw(k t)};
	my @ranges = map { @$_ } values %{$k->{obj}};
	my ($from) = sort { $a <=> $b } map { $_->[0] } @ranges;
	my ($to) = sort { $b <=> $a } map { $_->[1] } @ranges;

	open my $fh, '>', $file or stop("$file: $!");
	if ($col->{labels}) {
		print $fh @{$col->{labels}};
	} else {
		printf $fh "text %x %x\n", $from, $to;
		printf $fh "label %x %s\n", $_->[1], $_->[0]
		    for points("$k->{dir}/kernel.elf");
		printf $fh "entry %x\n", Witness::symbol($k, $_)
		    for @{$t->{entry}};
	}
	# As the protocol checker: there it says why.
	print $fh "cpu $col->{cpu}\n" if $col->{cpu} && $col->{api} > 1;
	printf $fh "class %s %s\n", $_->[0], Witness::pattern($_->[1])
	    for @{$t->{class}};
	printf $fh "reg %s %s %s\n", $_->[2] // '-', Witness::pattern($_->[1]),
	    $_->[0] for @{$t->{reg}};
	printf $fh "dev %s %s\n", $_->[1], $_->[0] for @{$t->{dev}};
	printf $fh "ring %s\n", $_ for @{$t->{send}};
	close $fh or stop("$file: $!");
}

#
# One boot
#

# Fills in what a column needs to run; or returns why it cannot.
sub prepare {
	my ($col) = @_;
	my ($api, $why) = Witness::api($col->{id});
	my $need = $col->{w}{needs_qemu};

	if ($need && ($api // 0) < 4 && -d 'obj/qemu10/bin') {
		$col->{env} = 'obj/qemu10/bin';
		local $ENV{QEMU} = $col->{env};
		($api, $why) = Witness::api($col->{id});
	}
	return $why unless defined $api;
	return "$col->{controller} needs QEMU $need" if $need && $api < 4;
	$col->{api} = $api;
	$col->{plugin} = "obj/plugin/count-$api.so";
	-e $col->{plugin} or return "no $col->{plugin}; `make compare' " .
	    'builds it';
	local $ENV{QEMU} = $col->{env} if $col->{env};
	my ($command) = `'$^X' tests/boot.pl --print '$col->{id}'`;
	my ($qemu) = $command =~ /\A(\S+)/;
	($col->{version}) = `$qemu --version` =~ /version (\S+)/;
	my @cpu = $command =~ / -cpu (\S+)/g;
	$col->{model} = $cpu[-1];
	return undef;
}

# In a process of its own.
sub boot {
	my ($col, $base) = @_;
	my @icount = $col->{timed} ? () : ('-icount', 'shift=0,sleep=off',
	    '-rtc', 'clock=vm,base=2026-01-01');
	my @args = (@icount,
	    '-plugin', "$col->{plugin},labels=$base.labels,out=$base.out",
	    '-d', join(',', 'plugin', map { "trace:$_" } @{$col->{w}{trace}}),
	    '-D', "$base.log");

	unlink "$base.out", "$base.log";
	open STDOUT, '>', "$base.boot" or stop("$base.boot: $!");
	open STDERR, '>&', \*STDOUT;
	# QEMU 10 reads no clock in the middle of a block.
	$ENV{ACCEL} = 'tcg,thread=single' . ($col->{api} > 1 ?
	    ',one-insn-per-tb=on' : '');
	$ENV{QEMU} = $col->{env} if $col->{env};
	delete $ENV{HARNESS_ACTIVE};
	if ($col->{labels}) {
		my $why = Image::run("$base.boot", $LIMIT,
		    Image::command($col->{k}, $col->{id}, '', @args));

		print "# $why\n" if defined $why;
		POSIX::_exit(defined $why);
	}
	exec $^X, 'tests/boot.pl', (map { "--qemu=$_" } @args),
	    $col->{large} ? "--limit=$LIMIT" : (),
	    '--append=suite=compare', "--append=tests=$col->{tests}",
	    $col->{id} or POSIX::_exit(127);
}

# All boots, a few at a time: [column, base of its files].  Only a large machine
# may fail: then it is not in the table, and that is said.
sub boots {
	my (@todo) = @_;
	my (%running, @bad);

	labels("$_->[1].labels", $_->[0]) for @todo;
	while (@todo || %running) {
		while (@todo && keys %running < $opt{JOBS}) {
			my $b = shift @todo;
			my $pid = fork // stop("fork: $!");

			boot(@$b) if $pid == 0;
			$running{$pid} = $b;
		}
		my $b = delete $running{wait()} or next;
		push @bad, $b if $? != 0;
	}
	for my $b (@bad) {
		my $why = 'did not run: ' . why_not(@$b);

		stop("$b->[0]{id} $why") unless $b->[0]{large};
		$b->[0]{failed} = $why;
	}
}

# In one line.
sub why_not {
	my ($col, $base) = @_;
	my @said;

	if (open my $fh, '<', "$base.boot") {
		chomp(@said = <$fh>);
	}
	for (@said) {
		return "$col->{plugin} is built for plugin API $col->{api}, " .
		    "and QEMU $col->{version} does not take it: $1"
		    if /Could not load plugin [^:]*: (.*)/;
	}
	my ($line) = grep { s/\A(?:# |boot\.pl: |count: )// } @said;
	return ($line // 'it said nothing') .
	    "; its console is in $base.boot";
}

#
# What came of it
#

# The plugin's file, as a list of cases.
sub results {
	my ($file) = @_;
	my (@cases, $c, $counts, $complete);
	local $_;

	open my $fh, '<', $file or stop("$file: $!");
	while (<$fh>) {
		chomp;
		if (/\Acase (\d+) (\d+) (.*)/) {
			$c = { name => $3, calls => $1, disturbed => $2,
			    stages => [], total => {}, path => [] };
			push @cases, $c;
		} elsif (/\Aran (\d+) (\d+) (\d+) /) {
			@$c{qw(least targets)} = ($1, $2);
			$c->{most} = $3;
		} elsif (/\Astage (\S+) (\S+) (\d+)/) {
			$counts = { device => {} };
			push @{$c->{stages}}, { name => $1, cpu => $2,
			    passes => $3, c => $counts };
		} elsif (/\A(count|total) (\d+) (\d+) (\d+) (.*)/) {
			($1 eq 'count' ? $counts : $c->{total})->{$5} =
			    { min => $2, median => $3, max => $4 };
		} elsif (/\Awindow (\d+) (.*)/) {
			$c->{window}{$2} = $1;
		} elsif (/\Apath (\S+) (\S+) (.*)/) {
			push @{$c->{path}}, [$1, hex $2, $3];
		} elsif (/\Afailed (.*)/) {
			stop("$file: $1");
		} elsif (/\Acomplete (\d+)/) {
			$complete = $1;
		}
	}
	stop("$file: cut off: the emulator ended before the run did")
	    unless defined $complete && $complete == @cases;
	stop("$file: no case: the kernel has no labels of tests/compare")
	    unless @cases;
	return @cases;
}

# The device trace against the plugin, case by case.
sub witness {
	my ($col, $base, @cases) = @_;
	my (%seen, $open, @bad, $checked);
	my $n = -1;
	local $_;

	open my $log, '<', "$base.log" or stop("$base.log: $!");
	while (<$log>) {
		if (/\A\@case /) {
			($open, %seen) = (1);
			$n++;
		} elsif (/\A\@end (.*)/) {
			my $c = $cases[$n] or last;

			$open = 0;
			for my $what ($col->{any} ? 'any' : qw(send ack eoi)) {
				my @names = @{$col->{any} // $col->{t}{$what}
				    // next};
				my $have = sum0(map { $c->{window}{$_} // 0 }
				    @names);
				my $traced = $seen{$what} // 0;

				$checked += $have;
				push @bad, "$col->{id}, case $c->{name}: the " .
				    "plugin has seen '$what' $have times, " .
				    "the device trace has it $traced times"
				    if $have != $traced;
			}
		} elsif ($open && !/\A\@/) {
			$seen{any}++;
			for my $e (@{$col->{w}{events}}) {
				next unless $_ =~ $e->[1];
				$seen{$e->[0]}++;
				last;
			}
		}
	}
	push @bad, "$col->{id}: the device trace was never seen" unless $checked;
	stop($bad[0]) if @bad;
}

# As it stands in the JSON.
sub case_json {
	my ($c) = @_;
	my (@stages, %total);
	my %rank = map { $STAGES[$_] => $_ } 0 .. $#STAGES;

	for my $s (sort { $rank{$a->{name}} <=> $rank{$b->{name}} }
	    @{$c->{stages}}) {
		my %j = (name => $s->{name}, cpu => $s->{cpu}, device => {},
		    passes => $s->{passes} + 0);

		for my $m (@METRICS) {
			$j{$m} = numbers($s->{c}{$m});
		}
		for my $reg (keys %{$s->{c}}) {
			next if $reg eq 'device' || grep { $_ eq $reg } @METRICS;
			$j{device}{$reg} = $s->{c}{$reg}{median} + 0;
		}
		push @stages, \%j;
	}
	$total{$_} = numbers($c->{total}{$_}) for @METRICS;
	my $j = { name => $c->{name}, calls => $c->{calls} + 0,
	    disturbed => $c->{disturbed} + 0,
	    targets => ($c->{targets} // 0) + 0,
	    stages => \@stages, total => \%total };
	my @vary = grep { $total{$_}{min} != $total{$_}{max} }
	    grep { $_ ne 'waiting' } @METRICS;
	$j->{varies} = @vary == 1 && $vary[0] eq 'lines' ? $SLOT : $ORDER
	    if @vary;
	return $j;
}

sub numbers {
	my ($n) = @_;

	return { map { $_ => ($n->{$_} // 0) + 0 } qw(min median max) };
}

# Sets of all sizes: [{ n, unicast, multicast }], [{ n, insns }].
sub scaling_json {
	my ($col, @cases) = @_;
	my (%by, @all);

	for my $c (@cases) {
		my $n = ($c->{targets} // 0) + 0;
		my $sender = sum0(map { $_->{c}{insns}{median} }
		    grep { $_->{cpu} eq 'sender' } @{$c->{stages}});
		my $rung = sum0(map { $c->{total}{$_}{median} // 0 }
		    @{$col->{t}{send}});
		my $j = { insns => $sender + 0, doorbells => $rung + 0,
		    total => ($c->{total}{insns}{median} // 0) + 0 };

		if ($c->{name} eq 'all-to-one') {
			push @all, { n => $n, insns => $j->{total},
			    doorbells => $j->{doorbells} };
		} elsif ($c->{name} =~ /\A(\w+)-N\z/) {
			$by{$n}{$1} = $j;
		}
	}
	return ([map { { n => $_ + 0, %{$by{$_}} } } sort { $a <=> $b }
	    keys %by], \@all);
}

sub located {
	my ($k, $pc) = @_;
	my ($function, $offset) = Witness::where($k, $pc) =~
	    /\A(.*)\+0x([0-9a-f]+)\z/;

	return { function => $function // '', offset => hex($offset // 0),
	    source => '' };
}

# Function, offset, source line of each address.
sub symbolize {
	my ($k, @pcs) = @_;
	my %uniq = map { $_ => 1 } @pcs;
	my @list = sort { $a <=> $b } keys %uniq;
	my (%at, $top);

	return { map { $_ => located($k, $_) } @list } if !$k->{dir} || !@list;
	chomp(my $tool = `'$opt{CC}' -print-prog-name=llvm-symbolizer`);
	open my $in, '>', "$dir/addresses" or stop("$dir/addresses: $!");
	printf $in "0x%x\n", $_ for @list;
	close $in;
	chomp($top = `pwd`);
	my @lines = `'$tool' --obj=$k->{dir}/kernel.elf --inlining=false \\
	    --functions=linkage <$dir/addresses 2>/dev/null`;
	chomp @lines;
	@lines = grep { $_ ne '' } @lines;
	for my $i (0 .. $#list) {
		my $source = $lines[2 * $i + 1] // '';
		$source =~ s/:\d+\z//;
		$source =~ s{\A\Q$top\E/}{};
		$source =~ s{\A\./}{};
		$at{$list[$i]} = { %{located($k, $list[$i])},
		    source => $source =~ /\?\?/ ? '' : $source };
	}
	return \%at;
}

sub paths_json {
	my ($k, @cases) = @_;
	my %rank = map { $STAGES[$_] => $_ } 0 .. $#STAGES;
	my %paths;
	my $at = symbolize($k, map { $_->[1] } map { @{$_->{path}} }
	    grep { $path{$_->{name}} } @cases);

	for my $c (grep { $path{$_->{name}} } @cases) {
		my @steps = @{$c->{path}};
		my @order = sort { $rank{$steps[$a][0]} <=> $rank{$steps[$b][0]}
		    || $a <=> $b } 0 .. $#steps;

		$paths{$c->{name}} = [map { { stage => $_->[0],
		    pc => sprintf('%x', $_->[1]), insn => $_->[2] =~ s/\s+/ /gr,
		    %{$at->{$_->[1]}} } } @steps[@order]];
	}
	return \%paths;
}

# What a kernel was built with.
sub build {
	my ($k) = @_;

	open my $fh, '<', "$k->{dir}/flags" or return '';
	my ($line) = <$fh>;
	return join ' ', grep { /\A(?:-O|-m|-f|--target)/ } split ' ', $line;
}

sub digest {
	my ($file) = @_;

	return 'sha256:' . Digest::SHA->new(256)->addfile($file, 'b')->hexdigest;
}

sub column_json {
	my ($col, $base) = @_;
	my @cases = results("$base.out");
	my ($k, $t) = @$col{qw(k t)};
	my ($scaling, $all);

	witness($col, $base, @cases);
	return image_json($col, @cases) if $col->{labels};
	my @one = grep { $_->{name} !~ /-N\z|\Aall-to-one\z/ } @cases;
	($scaling, $all) = scaling_json($col, grep { $_->{name} =~
	    /-N\z|\Aall-to-one\z/ } @cases);
	my $json = { id => $col->{id}, arch => $col->{arch},
	    machine => $col->{machine}, controller => $col->{controller},
	    cpus => $col->{cpus} + 0, cpu_model => $col->{model},
	    qemu => $col->{version}, icount => JSON::PP::true,
	    cflags => build($k), image => digest($col->{image}),
	    state_bytes_per_cpu => $col->{layout}{size} + 0,
	    cases => [map { case_json($_) } @one],
	    paths => paths_json($k, @one),
	    scaling => $scaling, all_to_one => $all };
	$json->{budgets} = [map { { what => $_->[0], measured => $_->[1] + 0,
	    at_most => $_->[2] + 0 } } budgets_of($json)];
	return $json;
}

sub about {
	chomp(my $commit = `git rev-parse HEAD 2>/dev/null` || 'unknown');
	chomp(my $date = `git log -1 --format=%cI 2>/dev/null` || 'unknown');
	my $dirty = `git status --porcelain 2>/dev/null` ne '';
	my ($cc) = `'$opt{CC}' --version`;
	my ($ld) = `'$opt{LD}' --version`;
	my $diagnostic = 1;

	if (open my $fh, '<', (glob 'obj/*/mp/flags')[0] // '') {
		$diagnostic = <$fh> =~ /-DDIAGNOSTIC/;
	}
	chomp($cc //= '', $ld //= '');
	return { commit => $commit, date => $date, compiler => $cc,
	    linker => $ld, dirty => $dirty ? JSON::PP::true : JSON::PP::false,
	    diagnostic => $diagnostic ? JSON::PP::true : JSON::PP::false };
}

sub encode {
	return JSON::PP->new->canonical->pretty->indent_length(1)
	    ->encode($_[0]);
}

# Never half a file.
sub write_file {
	my ($file, $text) = @_;

	open my $fh, '>', "$file.new" or stop("$file: $!");
	print $fh $text;
	close $fh or stop("$file: $!");
	rename "$file.new", $file or stop("$file: $!");
}

#
# For people
#

sub stage_of {
	my ($case, @names) = @_;
	my %want = map { $_ => 1 } @names;

	return grep { $want{$_->{name}} } @{$case->{stages}};
}

sub insns {
	my ($case, @names) = @_;

	return sum0(map { $_->{insns}{median} } stage_of($case, @names));
}

sub case_of {
	my ($col, $name) = @_;

	return (grep { $_->{name} eq $name } @{$col->{cases}})[0];
}

sub row {
	my ($name, $width, @cells) = @_;

	print sprintf("%-24s", $name),
	    (map { sprintf " %*s", $width, $_ } @cells), "\n";
}

sub title {
	my ($col) = @_;
	my ($kernel) = split /\W/, $col->{kernel} // '';

	return join ' ', $col->{arch}, $col->{controller}, $kernel // ();
}

sub table {
	my ($data) = @_;
	my @cols = grep { @{$_->{cases}} } @{$data->{columns}};
	my $w = max(14, map { length title($_) } @cols);

	print "Guest instructions of a cross-call to a CPU that runs a " .
	    "thread, stage by stage\n\n";
	row('', $w, map { title($_) } @cols);
	row('machine', $w, map { "$_->{machine}/$_->{cpus}" } @cols);
	for my $stage (@STAGES) {
		my @s = map { (stage_of(case_of($_, 'running') // {}, $stage))[0] }
		    @cols;

		next unless grep { defined } @s;
		row($stage, $w, map { defined $_ ? $_->{insns}{median} : '-' } @s);
	}
	print "\n";
	my @running = map { case_of($_, 'running') // {} } @cols;
	for my $span (@Compare::SPANS) {
		my ($name, @names) = @$span;

		row($name, $w, map { insns($_, @names) } @running);
	}
	print "\n";
	for my $m (grep { $_ ne 'insns' } @METRICS) {
		row($m, $w, map { $_->{total}{$m}{median} // '-' } @running);
	}
	print "\nAll that a call costs, sender and targets: instructions, " .
	    "the waiting left out\n\n";
	row('case', $w, map { title($_) } @cols);
	my %seen;
	for my $name (grep { !$seen{$_}++ } map { $_->{name} }
	    map { @{$_->{cases}} } @cols) {
		row($name, $w, map { my $c = case_of($_, $name);
		    $c ? range($c->{total}{insns}) : '-' } @cols);
	}
	scaling_table($data);
	budgets($data);
	print "\n";
	for my $col (@{$data->{columns}}) {
		my ($o) = $col->{cflags} =~ /(-O\S+)/;

		print "$col->{id}: QEMU $col->{qemu}, $col->{cpu_model}, ",
		    $col->{kernel} // (($o // '') . "; a queue takes " .
		    "$col->{state_bytes_per_cpu} bytes of each CPU"), "\n";
		print "    $_\n" for @{$col->{notes} // []};
	}
	print "skipped: $_->{id}: $_->{reason}\n" for @{$data->{skipped}};
	print "DIAGNOSTIC is ", $data->{about}{diagnostic} ? 'on' : 'off',
	    "; the same frame pointers and options on every architecture: " .
	    "mk/kernel.mk\n";
}

sub range {
	my ($n) = @_;

	return $n->{min} == $n->{max} ? $n->{median} :
	    "$n->{median} ($n->{min}-$n->{max})";
}

# The N from which on a multicast takes fewer of them than unicasts.
sub fewer {
	my ($col, $what) = @_;
	my $key = $what eq 'instructions' ? 'insns' : $what;
	my $from;

	for my $s (reverse @{$col->{scaling}}) {
		last if $s->{multicast}{$key} >= $s->{unicast}{$key};
		$from = $s->{n};
	}
	return $from;
}

sub scaling_table {
	my ($data) = @_;

	for my $col (grep { @{$_->{scaling}} } @{$data->{columns}}) {
		print "\nBroadcast to n of $col->{cpus} CPUs, the sender's " .
		    "instructions and doorbells: ", title($col), "\n";
		print 'multicast takes ', join(', ', map {
		    my $from = fewer($col, $_);
		    defined $from ? "fewer $_ from n = $from on" :
		    "never fewer $_" } qw(doorbells instructions)), "\n";
		for my $s (@{$col->{scaling}}) {
			next unless $s->{n} <= 4 || $s->{n} % 16 <= 1 ||
			    $s == $col->{scaling}[-1];
			printf "  n = %-4d one by one %6d %4d   at once %6d %4d\n",
			    $s->{n}, map { @$_{qw(insns doorbells)} }
			    @$s{qw(unicast multicast)};
		}
		my $last = $col->{all_to_one}[-1];
		print "  $last->{n} CPUs call one: $last->{insns} " .
		    "instructions, $last->{doorbells} doorbells\n" if $last;
	}
}

# What the budgets say of a column: [what, measured, at most].
sub budgets_of {
	my ($col) = @_;
	my $t = table_of($col->{arch});
	my ($running, $idle, $coalesced) = map { case_of($col, $_) }
	    qw(running idle coalesced);
	my $most = $t->{budget}{$col->{controller}};
	my ($cluster) = grep { $_->{n} == 16 } @{$col->{scaling}};
	my @b;

	push @b, ['to the doorbell, to the function, to the return',
	    insns($running, @$POSTED, @$TAKEN, @$RETURNED), $most]
	    if $running && defined $most;
	push @b, ['a receiver that is idle adds',
	    $idle->{total}{insns}{max} - $running->{total}{insns}{median}, 40]
	    if $idle && $running;
	push @b, ['a call to a queue that is not empty, to its return',
	    max(map { $_->{insns}{max} } stage_of($coalesced, 'post')), 30],
	    ['and its accesses to the controller', devices($col, $coalesced), 0]
	    if $coalesced;
	push @b, ['doorbells for 16 CPUs at once',
	    $cluster->{multicast}{doorbells}, 1]
	    if $cluster && ($t->{cluster} // '') eq $col->{controller};
	return @b;
}

sub budgets {
	my ($data) = @_;

	print "\nBudgets, in guest instructions where it is not said\n";
	for my $col (@{$data->{columns}}) {
		for (@{$col->{budgets}}) {
			printf "  %-70s %4d of %4d%s\n", title($col) .
			    ": $_->{what}", @$_{qw(measured at_most)},
			    $_->{measured} > $_->{at_most} ? ', broken' : '';
		}
	}
}

# Accesses to the interrupt controller in a case.
sub devices {
	my ($col, $case) = @_;
	my $t = table_of($col->{arch});
	my %is = map { $_ => 1 } map { @{$t->{$_} // []} } qw(send ack eoi);
	my %dev = map { $_->[0] => 1 } @{$t->{dev}};

	return sum0(map { my $d = $_->{device};
	    map { $d->{$_} } grep { $is{$_} || $dev{$_} } keys %$d }
	    @{$case->{stages}});
}

# Two columns, stage by stage.
sub path_view {
	my ($data, $name) = @_;
	my %seen;
	my @cols = grep { !$seen{$_->{arch}}++ } grep { $_->{paths}{$name} }
	    @{$data->{columns}};
	my $show = sub {
		my @cells = map { sprintf '%-77.77s', $_ // '' } @_;

		print join('  ', @cells) =~ s/\s+\z//r, "\n";
	};

	stop("no path of '$name'; there are: " . join ' ', sort keys %path)
	    unless @cols;
	print "One call of case '$name' as it was executed, waiting left " .
	    "out: offset in the\nfunction above, instruction, source\n\n";
	$show->(map { title($_) . ", $_->{machine}/$_->{cpus}: " .
	    @{$_->{paths}{$name}} . ' instructions' } @cols);
	my @starts = map { starts(@{$_->{paths}{$name}}) } @cols;
	for my $about (@Compare::STAGES) {
		my ($stage, $what) = @$about;
		my @s = map { [grep { $_->{stage} eq $stage }
		    @{$_->{paths}{$name}}] } @cols;

		next unless grep { @$_ } @s;
		print "\n";
		$show->(map { "-- $stage: $what: " . @$_ } @s);
		my @lines = map { [steps_text($starts[$_], @{$s[$_]})] }
		    0 .. $#s;
		for my $i (0 .. max(map { $#$_ } @lines)) {
			$show->(map { $_->[$i] } @lines);
		}
	}
}

# Where the functions of a path begin.
sub starts {
	my %at = map { hex($_->{pc}) - $_->{offset} => $_->{function} } @_;

	return \%at;
}

# A function's name where it begins or goes on, then its instructions.
sub steps_text {
	my ($starts, @steps) = @_;
	my $in = '';
	my @lines;

	for my $s (@steps) {
		my $source = $s->{source} =~ s{\A.*/}{}r =~ s/:0\z//r;

		push @lines, "$s->{function}:" if $s->{function} ne $in;
		$in = $s->{function};
		my $insn = $s->{insn} =~
		    s/#?0x([0-9a-f]{8,16})\b/target($starts, $in, hex $1) \/\/ $&/ger;
		push @lines, sprintf '  %5s  %-46s %s',
		    sprintf('+%x', $s->{offset}), $insn, $source;
	}
	return @lines;
}

# A place in the code, or undef: near the beginning of what the path has.
sub target {
	my ($starts, $in, $to) = @_;
	# Not max(), which takes a number of 64 bits for a fraction.
	my $from = (sort { $a <=> $b } grep { $_ <= $to } keys %$starts)[-1];

	return undef if !defined $from || $to - $from >= 0x1000;
	my $offset = $to == $from ? '' : sprintf '+%x', $to - $from;
	return $starts->{$from} eq $in && $offset ne '' ? $offset :
	    "$starts->{$from}$offset";
}

#
# Another kernel
#

# The columns that LABELS= has.
sub image_columns {
	my ($skipped) = @_;

	stop('IMAGE= and LABELS= go together') if $opt{IMAGE} eq '' ||
	    $opt{LABELS} eq '';
	my $l = Image::load($opt{IMAGE}, $opt{LABELS});
	my @arches = grep { -e "md-$_/proof/compare" } Machines::arches('.');
	my @cols;

	stop("$opt{LABELS}: no arch '$l->{arch}'; there are: @arches")
	    unless grep { $_ eq $l->{arch} } @arches;
	Image::symbols($l);
	my @labels = Image::labels($l);
	my $t = table_of($l->{arch});
	my $w = Witness::tables('.', $l->{arch});

	for (@{$l->{cell}}) {
		my ($line, $cell, $controller) = @$_;
		my ($machine, $cpus) = split m{/}, $cell;
		my ($like) = grep { $_->{controller} eq $controller }
		    @{$t->{columns}} or stop("$opt{LABELS}:$line: no " .
		    "controller '$controller'; there are: " . join ' ',
		    map { $_->{controller} } @{$t->{columns}});
		my $col = { id => "$l->{arch}/$cell", arch => $l->{arch},
		    machine => $machine, cpus => $cpus, t => $t, k => $l,
		    w => $w->{controllers}{$like->{witness}},
		    cpu => $w->{cpu}, controller => $controller,
		    image => $l->{image}, labels => \@labels,
		    timed => ($l->{icount} // '') eq 'no' };
		my $why = prepare($col);

		if (defined $why) {
			push @$skipped, { id => $col->{id}, reason => $why };
		} else {
			push @cols, $col;
		}
	}
	return @cols;
}

sub image_json {
	my ($col, @cases) = @_;

	for my $c (@cases) {
		stop("$col->{id}, case $c->{name}: of $c->{calls} calls some " .
		    "never came to the label 'call'") unless $c->{least};
		$path{$c->{name}} = 1;
	}
	return { id => lc((split /\W/, $col->{k}{kernel})[0]) .
	    "/$col->{id}", arch => $col->{arch},
	    machine => $col->{machine}, controller => $col->{controller},
	    cpus => $col->{cpus} + 0, cpu_model => $col->{model},
	    qemu => $col->{version}, icount => $col->{timed} ?
	    JSON::PP::false : JSON::PP::true, cflags => '', image => digest($col->{image}),
	    kernel => $col->{k}{kernel},
	    notes => $col->{k}{note}, scaling => [], all_to_one => [],
	    cases => [map { case_json($_) } @cases],
	    paths => paths_json($col->{k}, @cases) };
}

# What `make compare-linux' has found, to stand beside ours.
sub image_beside {
	return map { @{Compare::load($_)->{columns}} }
	    sort glob 'obj/linux/*/compare.json';
}

#
# What is asked for
#

my %tables;
sub table_of {
	my ($arch) = @_;

	return $tables{$arch} //= do {
		my $file = "./md-$arch/proof/compare";

		do $file or stop("$file: " . ($@ || $! || 'no table'));
	};
}

# The columns of an architecture, ready to run; what cannot run is told.
sub columns {
	my ($arch, $skipped, @lists) = @_;
	my $t = table_of($arch);
	my $w = Witness::tables('.', $arch);
	my $k = Witness::kernel("obj/$arch/mp");
	my $layout = Witness::layout($k, '.');
	my $m = Machines::load('.', $arch);
	my @cols;

	for my $list (@lists) {
		for my $c (@{$t->{$list} // []}) {
			my ($machine, $cpus) = split m{/}, $c->{cell};
			my $col = { id => "$arch/$c->{cell}", arch => $arch,
			    machine => $machine, cpus => $cpus, t => $t, k => $k,
			    w => $w->{controllers}{$c->{witness}},
			    cpu => $w->{cpu}, any => $c->{any},
			    large => $list eq 'full',
			    controller => $c->{controller}, layout => $layout,
			    image => "$k->{dir}/$m->{kernel}",
			    tests => $list eq 'columns' ?
			    '-compare_scaling,-compare_all' :
			    'compare_scaling,compare_all' };
			my $why = prepare($col);

			if (defined $why) {
				push @$skipped, { id => $col->{id},
				    reason => $why };
			} else {
				push @cols, $col;
			}
		}
	}
	return @cols;
}

# What two runs agree in: all, but where the clock is the host's.  There it is
# what most calls of each stage execute.
sub steady {
	my $data = JSON::PP::decode_json(encode($_[0]));

	for my $col (grep { !$_->{icount} } @{$data->{columns}}) {
		delete $col->{paths};
		for my $case (@{$col->{cases}}) {
			delete @$case{qw(calls disturbed varies total)};
			for my $s (@{$case->{stages}}) {
				delete @$s{qw(passes device taken lines)};
				delete @$_{qw(min max)}
				    for grep { ref } @$s{@METRICS};
			}
		}
	}
	return $data;
}

# All columns, each measured twice; the whole of it.
sub measure {
	my ($skipped, @cols) = @_;
	my (@data, @todo);

	make_path("$dir/run");
	for my $col (@cols) {
		$col->{base} = "$dir/run/" . $col->{id} =~ tr{/,=}{-}r;
	}
	# The long ones first.
	for my $col (sort { $b->{cpus} <=> $a->{cpus} } @cols) {
		push @todo, map { [$col, "$col->{base}.$_"] } 1, 2;
	}
	boots(@todo);
	push @$skipped, map { { id => $_->{id}, reason => $_->{failed} } }
	    grep { $_->{failed} } @cols;
	@cols = grep { !$_->{failed} } @cols;
	for my $run (1, 2) {
		push @data, { schema => 'portkit-compare', version => $VERSION,
		    kind => 'counts', about => about(), skipped => $skipped,
		    columns => [map { column_json($_, "$_->{base}.$run") }
		    @cols] };
	}
	my @text = map { encode($_) } @data;
	my @steady = map { encode(steady($_)) } @data;
	if ($steady[0] ne $steady[1]) {
		write_file("$dir/first.json", $text[0]);
		write_file("$dir/second.json", $text[1]);
		stop("two runs differ: $dir/first.json and $dir/second.json");
	}
	return ($data[0], $text[0]);
}

sub options {
	my @rest;

	for (@_) {
		if (/\A([A-Z]+)=(.*)\z/s && exists $opt{$1}) {
			$opt{$1} = $2;
		} else {
			push @rest, $_;
		}
	}
	return @rest;
}

#
# A patch, and the budgets
#

# What a command prints; undef if it fails, and then it says nothing.
sub output {
	my @command = @_;
	my $pid = open(my $fh, '-|') // stop("fork: $!");

	if ($pid == 0) {
		open STDERR, '>', '/dev/null';
		exec @command or POSIX::_exit(127);
	}
	my $text = do { local $/; <$fh> };
	return close $fh ? $text // '' : undef;
}

# What a commit measures, by its own means, in a clone of its own.
sub measure_ref {
	my ($ref) = @_;
	my $copy = "$dir/base";
	my $commit = output(qw(git rev-parse --verify --quiet
	    --end-of-options), "$ref^{commit}") //
	    stop("BASE=$ref is neither a file nor a commit");

	chomp $commit;
	defined output('git', 'cat-file', '-e', "$commit:mk/compare.mk") or
	    stop("BASE=$ref: that commit has no `make compare'");
	print "Measuring $ref in $copy\n";
	remove_tree($copy);
	make_path($dir);
	defined output(qw(git clone --quiet --shared --no-checkout .), $copy) &&
	    defined output('git', '-C', $copy, qw(checkout --quiet --detach),
	    $commit) or stop("BASE=$ref: cannot be checked out in $copy");
	make_path("$copy/obj");
	symlink abs_path('obj/qemu10'), "$copy/obj/qemu10"
	    if -d 'obj/qemu10/bin';
	# What this make was asked for is not for that one.
	delete local @ENV{qw(MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL)};
	local $ENV{QEMU} = File::Spec->rel2abs($ENV{QEMU})
	    if ($ENV{QEMU} // '') =~ m{/};
	my $text = output('sh', '-c', 'exec "$@" 2>&1', 'sh', 'make', '-C',
	    $copy, 'compare', map { "$_=$opt{$_}" } qw(CC LD ARCH JOBS));
	defined $text && -e "$copy/$dir/compare.json" or
	    stop("BASE=$ref: its `make compare' fails; try it in $copy");
	return "$copy/$dir/compare.json";
}

# Before and after; with the least and the most, where they are not the same.
sub change {
	my ($was, $is) = @_;
	my ($old, $new) = map { range($_) } $was, $is;

	return "$old -> $new (" . sprintf('%+d', longer($was, $is)) . ')';
}

# How much longer, in the median or at worst.
sub longer {
	my ($was, $is) = @_;
	my $d = $is->{median} - $was->{median};

	return $d ? $d : $is->{max} - $was->{max};
}

my %NONE = (min => 0, median => 0, max => 0);
my %NAME = map { $_->[0] => $_->[1] } @Compare::MEASURES;

# What changed, stage by stage.  Returns how many measurements take more than
# BOUND instructions more.
sub differences {
	my ($old, $new) = @_;
	my %old = map { $_->{id} => $_ } @{$old->{columns}};
	my %n = map { $_ => 0 } qw(all same worse);
	my $said = sub {
		my ($what, $d, @lines) = @_;

		$n{all}++;
		$n{same}++, return unless @lines;
		$n{worse}++ if $d > $opt{BOUND};
		printf "%s: %s%s\n", $what, $d ?
		    sprintf('%+d instructions', $d) : 'as many instructions',
		    $d > $opt{BOUND} ? ", more than BOUND=$opt{BOUND}" : '';
		print map { "    $_\n" } @lines;
	};

	for my $about (qw(compiler linker diagnostic)) {
		my ($a, $b) = map { $_->{about}{$about} } $old, $new;

		print "Not of one $about: $a, and here $b\n" if $a ne $b;
	}
	for my $col (@{$new->{columns}}) {
		my $was = delete $old{$col->{id}};

		print("$col->{id}: not in the base\n"), next unless $was;
		for my $key (qw(qemu cpu_model cflags state_bytes_per_cpu)) {
			my ($a, $b) = map { $_->{$key} // '' } $was, $col;

			print "$col->{id}: $key $a -> $b\n" if $a ne $b;
		}
		for my $case (@{$col->{cases}}) {
			my $c = case_of($was, $case->{name});

			$c or print("$col->{id} $case->{name}: not in the " .
			    "base\n"), next;
			$said->("$col->{id} $case->{name}",
			    longer($c->{total}{insns}, $case->{total}{insns}),
			    changes($c, $case));
		}
		my %has = map { $_->{name} => 1 } @{$col->{cases}};
		print map { "$col->{id} $_->{name}: only in the base\n" }
		    grep { !$has{$_->{name}} && $opt{CASE} eq '' }
		    @{$was->{cases}};
		set_changes($said, $was, $col);
	}
	print map { "$_: only in the base\n" }
	    $opt{CASE} eq '' ? sort keys %old : ();
	print "$n{same} of $n{all} measurements are the same; $n{worse} take " .
	    "more than BOUND=$opt{BOUND} instructions more\n";
	return $n{worse};
}

# A line for each stage and for each access that changed.
sub changes {
	my ($old, $new) = @_;
	my %old = map { $_->{name} => $_ } @{$old->{stages}};
	my %new = map { $_->{name} => $_ } @{$new->{stages}};
	my @lines;

	for my $stage (grep { $old{$_} || $new{$_} } @STAGES) {
		my @changed;

		for my $m (grep { $_ ne 'waiting' } @METRICS) {
			my ($a, $b) = map { $_->{$stage}{$m} // \%NONE }
			    \%old, \%new;

			push @changed, "$NAME{$m} " . change($a, $b)
			    if range($a) ne range($b);
		}
		my ($a, $b) = map { $_->{$stage}{device} // {} } \%old, \%new;
		my %names = (%$a, %$b);
		push @changed, map { "$_ " . ($a->{$_} // 0) . ' -> ' .
		    ($b->{$_} // 0) } grep { ($a->{$_} // 0) !=
		    ($b->{$_} // 0) } sort keys %names;
		# In lines that end before a screen does.
		my $head = $stage;
		while (@changed) {
			my $line = sprintf '%-10s%s', $head, shift @changed;

			$head = '';
			$line .= ", " . shift @changed while @changed &&
			    length("$line$changed[0]") < 74;
			push @lines, $line;
		}
	}
	return @lines;
}

# Sets of CPUs: the sizes where something changed.
sub set_changes {
	my ($said, $was, $col) = @_;

	for my $how (qw(unicast multicast all_to_one)) {
		my ($old, $new) = map { my $c = $_; +{ map { $_->{n} =>
		    $how eq 'all_to_one' ? $_ : $_->{$how} }
		    @{$c->{$how eq 'all_to_one' ? $how : 'scaling'} // []} } }
		    $was, $col;

		for my $n (sort { $a <=> $b } grep { $old->{$_} } keys %$new) {
			my @lines;

			for my $m (qw(insns doorbells)) {
				my ($a, $b) = map { $_->{$n}{$m} // 0 } $old, $new;

				push @lines, ($NAME{$m} // $m) . " $a -> $b"
				    if $a != $b;
			}
			$said->("$col->{id} " . $how =~ tr/_/-/r . ", n = $n",
			    $new->{$n}{insns} - $old->{$n}{insns}, @lines);
		}
	}
}

# md-X/proof/budget: lines of machine, stage, instructions.
sub budget_read {
	my ($arch) = @_;
	my %budget;

	open my $fh, '<', "md-$arch/proof/budget" or
	    stop("md-$arch/proof/budget: $!; `make budget' writes it");
	while (my $line = <$fh>) {
		my ($cell, $stage, $n) = split ' ', $line =~ s/#.*//sr;

		$budget{$cell}{$stage} = $n if defined $n;
	}
	return \%budget;
}

sub budget_write {
	my ($arch, @cols) = @_;
	my $text = "# $arch: guest instructions of a cross-call to a CPU " .
	    "that runs a thread: machine,\n# stage, instructions.  " .
	    "`make check' keeps them, `make budget' writes them anew.\n";

	for my $col (@cols) {
		$text .= sprintf "%s/%s %s %d\n", $col->{machine},
		    $col->{cpus}, $_->{name}, $_->{insns}{median}
		    for @{case_of($col, 'running')->{stages}};
	}
	write_file("md-$arch/proof/budget", $text);
}

# What takes more than the budget, as lines.
sub over {
	my ($col, $budget) = @_;
	my $b = $budget->{"$col->{machine}/$col->{cpus}"} or
	    return "md-$col->{arch}/proof/budget has no $col->{id}";

	return map { my $n = $_->{insns}{median};
	    my $most = $b->{$_->{name}} // 0;
	    $n > $most ? "$col->{id}: stage '$_->{name}' takes $n " .
	    "instructions, $most before: see `make compare CASE=running', " .
	    'and `make budget\' if this is meant' : () }
	    @{case_of($col, 'running')->{stages}};
}

#
# Another witness: the log in which QEMU itself says what it executes, one
# instruction at a time.
#

sub execution_log {
	my ($col) = @_;
	my $base = "$col->{base}.exec";
	my (%at, %object, @n, %in, %before, @all);
	# Where a part ends: its name, its place, does it end behind this?
	my %end = ('@sent' => ['sender', 0, 0], call => ['taken', 1, 1],
	    leave => ['return', 2, 1]);

	for my $p (points($col->{k}{dir} . '/kernel.elf')) {
		push @{$at{sprintf '%016x', $p->[1]}}, $p->[0];
		my ($o) = grep { grep { $p->[1] >= $_->[0] && $p->[1] < $_->[1] }
		    @{$col->{k}{obj}{$_}} } keys %{$col->{k}{obj}};
		$object{$o} = 1 if $p->[0] =~
		    /\A(?:post|vector|call|return|leave|\@case running)\z/;
	}
	for my $entry (@{$col->{t}{entry}}) {
		$at{sprintf '%016x', Witness::symbol($col->{k}, $entry)} =
		    ['vector'];
	}
	my @ranges = map { map { sprintf '0x%x+0x%x', $_->[0],
	    $_->[1] - $_->[0] } @{$col->{k}{obj}{$_}} } sort keys %object;
	my $pid = fork // stop("fork: $!");
	if ($pid == 0) {
		unlink "$base.log";
		open STDOUT, '>', "$base.boot";
		open STDERR, '>&', \*STDOUT;
		$ENV{ACCEL} = 'tcg,thread=single' . ($col->{api} > 1 ?
		    ',one-insn-per-tb=on' : '');
		delete $ENV{HARNESS_ACTIVE};
		exec $^X, 'tests/boot.pl', (map { "--qemu=$_" } '-icount',
		    'shift=0,sleep=off', '-rtc', 'clock=vm,base=2026-01-01',
		    $col->{api} > 1 ? () : '-singlestep', '-d', 'exec,nochain', '-dfilter',
		    join(',', @ranges), '-D', "$base.log"),
		    '--append=suite=compare', "--append=tests=$col->{tests}",
		    $col->{id} or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	stop("$col->{id} did not run with an execution log; its console is " .
	    "in $base.boot") if $? != 0;
	open my $log, '<', "$base.log" or stop("$base.log: $!");
	my $open = 0;
	while (my $line = <$log>) {
		my ($cpu, $pc) = $line =~
		    m{\ATrace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/} or next;

		# Begun, and stopped before it did anything: said twice.
		next if ($before{$cpu} // '') eq $pc;
		$before{$cpu} = $pc;
		for my $name (@{$at{$pc} // []}) {
			$open = 1 if $name eq '@case running';
			$open = 0 if $name eq '@end';
			next unless $open;
			if ($name eq 'post') {
				$in{$cpu} = ['sender', 0];
			} elsif ($name eq 'vector') {
				$in{$cpu} = ['taken', 0]
				    unless ($in{$cpu} // ['', 0])->[0] eq
				    'taken' && $in{$cpu}[1] == 1;
			} elsif ($name eq 'return') {
				$in{$cpu} = ['return', 0];
			} elsif (my $end = $end{$name}) {
				my $had = delete $in{$cpu} or next;

				push @{$n[$end->[1]]}, $had->[1] + $end->[2]
				    if $had->[0] eq $end->[0];
			}
		}
		$in{$cpu}[1]++ if $in{$cpu};
	}
	unlink "$base.log";
	for my $list (@n[0 .. 2]) {
		my @sorted = sort { $a <=> $b } @{$list // []};

		push @all, @sorted ? $sorted[@sorted / 2] : 0;
	}
	return @all;
}

# For prove: the running case alone.
sub check {
	my ($arch) = @_;
	my (@skipped, @bad);
	# What takes another QEMU takes long.
	my @cols = grep { !$_->{env} } columns($arch, \@skipped, 'check');

	if (!@cols) {
		print "1..0 # SKIP $arch: $skipped[0]{reason}\n";
		return 0;
	}
	$_->{tests} = 'compare_running' for @cols;
	my ($data) = eval { measure(\@skipped, @cols) };
	print "1..3\n";
	my $n = 0;
	my $ok = sub {
		my ($text, @why) = @_;

		print @why ? 'not ' : '', 'ok ', ++$n, " - $text\n";
		print STDERR map { "# $_\n" } @why;
		push @bad, @why;
	};

	$ok->('measured (twice, and the device trace agrees)',
	    $data ? () : $@ =~ s/\n//r);
	return 1 unless $data;
	my $budget = budget_read($arch);
	$ok->("budget (md-$arch/proof/budget is kept)",
	    map { over($_, $budget) } @{$data->{columns}});
	my $run = case_of($data->{columns}[0], 'running');
	my @have = (insns($run, @$POSTED, 'unwind'), insns($run, @$TAKEN),
	    insns($run, @$RETURNED));
	my @log = execution_log($cols[0]);
	$ok->("log (QEMU's own of what it executes: @log)",
	    "@log" eq "@have" ? () : "$cols[0]{id}: the plugin counts " .
	    "@have instructions (sent, taken, returned), QEMU's log @log");
	return @bad ? 1 : 0;
}

sub budget {
	my @arches = @_;
	my @skipped;

	for my $arch (@arches) {
		my @cols = columns($arch, \@skipped, 'check');

		next unless @cols;
		$_->{tests} = 'compare_running' for @cols;
		my ($data) = measure(\@skipped, @cols);
		budget_write($arch, @{$data->{columns}});
		print "md-$arch/proof/budget\n";
	}
	print "skipped: $_->{id}: $_->{reason}\n" for @skipped;
	return 0;
}

sub main {
	my @args = options(@_);
	my (@skipped, @cols, $data, $text, $base);
	my @arches = grep { -e "md-$_/proof/compare" } Machines::arches('.');

	return check($1) if @args == 1 && $args[0] =~ m{\Acheck/(\w+)\z} &&
	    grep { $_ eq $1 } @arches;
	stop("no architecture '$opt{ARCH}'; there are: @arches")
	    if $opt{ARCH} ne '' && !grep { $_ eq $opt{ARCH} } @arches;
	@arches = $opt{ARCH} if $opt{ARCH} ne '';
	return budget(@arches) if @args == 1 && $args[0] eq '--budget';
	stop("what is '$args[0]'?") if @args;
	my $image = $opt{IMAGE} ne '' || $opt{LABELS} ne '';
	stop("CASE=$opt{CASE}: no such path; there are: " .
	    join ' ', sort keys %path)
	    if $opt{CASE} ne '' && !$image && !$path{$opt{CASE}};
	stop("SCALE=$opt{SCALE}: there is full, or none")
	    unless $opt{SCALE} =~ /\A(?:full)?\z/;
	stop("BOUND=$opt{BOUND}: no number of instructions")
	    unless $opt{BOUND} =~ /\A\d+\z/;
	$base = Compare::load(-f $opt{BASE} ? $opt{BASE} :
	    measure_ref($opt{BASE})) if $opt{BASE} ne '';
	stop("$opt{BASE}: kind '$base->{kind}', not counts")
	    if $base && $base->{kind} ne 'counts';
	my @lists = $opt{CASE} ne '' ? 'columns' :
	    ('columns', 'scaling', $opt{SCALE} eq 'full' ? 'full' : ());
	$dir = $opt{OUT} || "$dir/image" if $image;
	@cols = $image ? image_columns(\@skipped) :
	    map { columns($_, \@skipped, @lists) } @arches;
	stop("nothing can be run: $skipped[0]{reason}") unless @cols;
	if ($opt{CASE} ne '' && !$image) {
		(my $tests = $opt{CASE}) =~ tr/-/_/;
		$_->{tests} = "compare_$tests" for @cols;
	}
	($data, $text) = measure(\@skipped, @cols);
	if ($opt{CASE} ne '') {
		path_view($data, $opt{CASE});
	} else {
		if (!$image && (my @beside = image_beside())) {
			push @{$data->{columns}}, @beside;
			$text = encode($data);
		}
		results_shown($data, $text);
	}
	print STDERR map { "compare.pl: $_->{id} $_->{failed}\n" }
	    my @failed = grep { $_->{failed} } @cols;
	return 1 if @failed;
	return 0 unless $base;
	print "\nAgainst $opt{BASE}\n";
	return differences($base, $data) ? 1 : 0;
}

sub results_shown {
	my ($data, $text) = @_;

	write_file("$dir/compare.json", $text);
	table($data);
	my $timed = grep { !$_->{icount} } @{$data->{columns}};
	print "\nMeasured twice: the two runs agree " . ($timed ? 'in the ' .
	    'medians of each stage where the host\'s clock ran, otherwise ' : '') .
	    "to the byte, and the device trace with them.\n" .
	    "In $dir: compare.json";
	if (-e 'tests/compare/report.pl') {
		system($^X, 'tests/compare/report.pl', "$dir/compare.json",
		    $dir) == 0 or stop('no report');
		print ', compare.csv, index.html';
	}
	print "\n";
}

chdir dirname($FindBin::Bin) or die "compare.pl: $!\n";
my $status = eval { main(@ARGV) };
if (!defined $status) {
	print STDERR $@ =~ /\Acompare\.pl/ ? $@ : "compare.pl: $@";
	$status = 1;
}
exit $status;
