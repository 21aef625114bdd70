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

# Mutants: single mistakes, put into a copy of the tree one at a time.  Each
# has to be caught, by the check and the test that its record names, with a
# message that names the clause.  Nothing here touches the tree itself.
#
# The records are in tests/mutants/*.mut (machine-independent code, and the
# boundary of any architecture) and in md-ARCH/proof/mutants.  Records are
# separated by blank lines, # begins a comment line:
#
#	mutant NAME		unique
#	clause CLAUSE		the clause broken, as in xcall_md.h and md.h
#	why TEXT		the mistake; who made it, where that is known
#	file FILE		edits follow, as in a diff: lines with - go,
#				with + come, with a space stay.  What goes and
#				stays must be in FILE exactly once
#	wrap FUNCTION ...	instead: the + lines are C that defines
#				__wrap_FUNCTION, which the linker puts before
#				each of them; see tests/mutants/wrap.h
#	caught CHECK NAME	the check, and what in it must go red
#	says REGEX		and what must be said; else the clause's name
#	only ARCH ...		not on other architectures
#	cell MACHINE/CPUS[/VARIANT]
#				where to boot, in place of the default machine
#				and 4 CPUs; either part may be empty
#	needs N			left out, and said, before QEMU N
#	fast			in the small set as well
#	equivalent REASON	not run: no test can tell it from the original
#	open REASON		run, and known not to be caught yet
#
# Checks: `boot' runs the one test NAME of the suite; NAME - is the run as a
# whole, where the machine does not get as far as a test.  `hook' and `sweep'
# are boots of that variant, on 4 CPUs and on 2.  `build' wants the
# compiler or linker to refuse.  Any other CHECK is `make check-CHECK', whose
# TAP has a test called NAME; WORD=NAME asks it for no more, if it can do that.
# Every check is first run without a mutant, and has to be green.

use strict;
use warnings;
use Cwd qw(getcwd);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use FindBin;
use POSIX qw(WNOHANG);
use Time::HiRes qw(time sleep);
use lib "$FindBin::Bin/lib";
use Machines;
use Witness;

my $USAGE = <<'END';
usage: mutants.pl [ARCH=arch] [ONLY=pattern] [FAST=1] [JOBS=n] [KEEP=1]
		  [CC=..] [LD=..] [LIST=1] [ALL=1]
ONLY matches names of mutants; LIST only lists them, as TAP: good are those
that still apply; KEEP keeps the trees of those not caught; ALL boots the
whole suite and says which tests go red; JOBS is twice the number of CPUs.
END

# Checks that are boots of a variant: where.
my %variant = (hook => '/4/hook', sweep => '/2/sweep');

# Checks of the host: once, whatever the architecture.
my %host = map { $_ => 1 } qw(host model tsan fuzz comparer);

my %opt = (ARCH => '', ONLY => '', FAST => 0, JOBS => 0, KEEP => 0, LIST => 0,
    ALL => 0, CC => 'clang', LD => 'ld.lld');
my $top = dirname($FindBin::Bin);
my $scratch = "$top/obj/mutants";
my $base = "$scratch/base";	# that of the boots
my @arches;
my %took;			# "what test": seconds without a mutant
my @children;

for (@ARGV) {
	/\A([A-Z]+)=(.*)\z/s && exists $opt{$1} or die $USAGE;
	$opt{$1} = $2;
}
@arches = $opt{ARCH} eq '' ? Machines::arches($top) : $opt{ARCH};
# Half of them wait: for a watchdog, or to be built.
$opt{JOBS} ||= 2 * (`getconf _NPROCESSORS_ONLN 2>/dev/null` || 2);
chdir $top or die "$top: $!\n";
# The copies are elsewhere.
$ENV{QEMU} = Cwd::abs_path($ENV{QEMU}) if ($ENV{QEMU} // '') =~ m{/};
exit main();

sub main {
	my @records = map { records($_) } sort(glob('tests/mutants/*.mut')),
	    sort(glob('md-*/proof/mutants'));
	my (%seen, @runs, @left, @equivalent, @stale);

	for my $r (@records) {
		bad($r, "a second mutant $r->{mutant}") if $seen{$r->{mutant}}++;
	}
	@stale = map { stale($_) } @records unless $opt{LIST};
	die @stale if @stale;
	@records = grep { $_->{mutant} =~ /$opt{ONLY}/ &&
	    ($_->{fast} || !$opt{FAST}) } @records;
	return list(@records) if $opt{LIST};
	for my $r (@records) {
		push(@equivalent, $r), next if defined $r->{equivalent};
		for my $run (runs_of($r)) {
			push @{needs($run) ? \@left : \@runs}, $run;
		}
	}
	printf "left out: %s (%s): needs QEMU %s\n", $_->{r}{mutant},
	    $_->{r}{clause}, $_->{r}{needs} for @left;
	die "mutants.pl: no mutant is meant\n" if @runs == 0;
	$SIG{INT} = $SIG{TERM} = sub {
		kill 'TERM', map { -$_ } @children;
		exit 1;
	};
	my $begun = time;
	STDOUT->autoflush;
	prepare(@runs);
	baseline(@runs);
	printf "without a mutant everything is green (%d s)\n", time - $begun;
	pool(\&mutant, \&mutant_done, sort { expected($b) <=> expected($a) }
	    @runs);
	return report($begun, \@runs, \@equivalent);
}

#
# The records
#

sub bad {
	my ($r, $what) = @_;

	die "$r->{at}: $what\n";
}

sub records {
	my ($file) = @_;
	my @list;
	my $r;

	open my $fh, '<', $file or die "$file: $!\n";
	while (my $line = <$fh>) {
		chomp $line;
		next if $line =~ /\A#/;
		if ($line eq '') {
			$r = undef;
			next;
		}
		if (!$r) {
			$r = { at => "$file:$.", edits => [] };
			$r->{only} = $1 if $file =~ m{\Amd-([^/]+)/};
			push @list, $r;
		}
		record_line($r, $line);
	}
	for $r (@list) {
		for my $need (qw(mutant clause why)) {
			bad($r, "no '$need'") unless defined $r->{$need};
		}
		bad($r, "nothing is changed") unless @{$r->{edits}};
		bad($r, "no 'caught'")
		    unless $r->{caught} || defined $r->{equivalent};
		if (my $cell = $variant{$r->{caught} // ''}) {
			$r->{cell} //= $cell;
			$r->{caught} = 'boot';
		}
	}
	return @list;
}

sub record_line {
	my ($r, $line) = @_;

	if ($line =~ /\A([-+ ])(.*)\z/) {
		my ($how, $text) = ($1, $2);
		my $e = $r->{edits}[-1] or bad($r, "an edit of no file");

		$e->{old} .= "$text\n" if $how ne '+';
		$e->{new} .= "$text\n" if $how ne '-';
		return;
	}
	my ($key, $value) = $line =~ /\A(\w+)(?:\s+(\S.*?))?\s*\z/ or
	    bad($r, "not understood: $line");
	if ($key eq 'file') {
		push @{$r->{edits}}, { file => $value, old => '', new => '' };
	} elsif ($key eq 'wrap') {
		push @{$r->{edits}}, { wrap => [split ' ', $value],
		    old => '', new => '' };
	} elsif ($key eq 'caught') {
		($r->{caught}, $r->{name}) = split ' ', $value;
		bad($r, "'caught' takes a check and a name")
		    unless defined $r->{name};
	} elsif ($key =~ /\A(?:mutant|clause|why|says|only|cell|needs|equivalent|
	    open|fast)\z/x) {
		bad($r, "a second '$key'")
		    if defined $r->{$key} && $key ne 'only';
		$r->{$key} = $value // 1;
	} else {
		bad($r, "no key '$key'");
	}
}

# Why its edits no longer apply to the tree.
sub stale {
	my ($r) = @_;
	my @stale;

	for my $e (grep { !$_->{wrap} } @{$r->{edits}}) {
		eval { edit($top, $r, $e); 1 } or push @stale, $@;
	}
	return @stale;
}

# The records as TAP: good are those that still apply.
sub list {
	my @records = @_;
	my ($n, $failed) = (0, 0);

	print '1..', scalar @records, "\n";
	for my $r (@records) {
		my @stale = stale($r);
		my $how = join '; ', $r->{caught} ?
		    "$r->{caught} $r->{name}" : (), map { defined $r->{$_} ?
		    "$_: $r->{$_}" : () } qw(open equivalent);

		print @stale ? 'not ' : '', 'ok ', ++$n,
		    " - $r->{mutant} ($r->{clause}) $how\n";
		print "# $_" for @stale;
		$failed++ if @stale;
	}
	return $failed ? 1 : 0;
}

# A run is a record on one architecture.
sub runs_of {
	my ($r) = @_;
	my @on = @arches;
	my @runs;

	if (defined $r->{only}) {
		my %only = map { $_ => 1 } split ' ', $r->{only};

		@on = grep { $only{$_} } @on;
	}
	@on = $on[0] // () if $host{$r->{caught}};
	for my $arch (@on) {
		push @runs, { r => $r, arch => $arch,
		    cell => "$arch/" . ($r->{cell} // '/4') };
	}
	return @runs;
}

# Is this QEMU too old for it?
sub needs {
	my ($run) = @_;
	my $n = $run->{r}{needs} // return 0;

	return ((Witness::version($run->{cell}))[0] // 0) < $n;
}

#
# The copies of the tree
#

# Run a command, its output to a file; the status.
sub run {
	my ($dir, $log, @command) = @_;
	my $pid = fork // die "fork: $!";

	if ($pid == 0) {
		chdir $dir or POSIX::_exit(127);
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $log or POSIX::_exit(127);
		open STDERR, '>&', \*STDOUT;
		delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES)};
		{ no warnings 'exec'; exec @command; }
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return $?;
}

sub slurp {
	my ($file) = @_;

	open my $fh, '<', $file or return '';
	local $/;
	return scalar(<$fh>) // '';
}

sub spew {
	my ($file, $text) = @_;

	open my $fh, '>', $file or die "$file: $!\n";
	print $fh $text;
	close $fh or die "$file: $!\n";
}

sub kind {
	my ($cell) = @_;

	return Machines::parse($top, $cell)->{kernel};
}

# One kernel.  The linker is a script, so that what a mutant adds to its
# arguments does not look like other flags, and compile everything again.
sub build {
	my ($dir, $log, $arch, $kind, @target) = @_;

	return run($dir, $log, 'make', '--no-print-directory', '-f',
	    'mk/kernel.mk', "ARCH=$arch", "KIND=$kind", "CC=$opt{CC}",
	    'LD=./ld.mutant', @target);
}

# What a copy is made of: the check's own tree, where it ran without a mutant.
sub base {
	my ($run) = @_;
	my $check = $run->{r}{caught};

	return $base if $check eq 'boot' || $check eq 'build';
	return "$scratch/base-$check-$run->{arch}";
}

# Copy a tree, and of what was built there no more than is named.
sub copy {
	my ($from, $to, @built) = @_;

	opendir my $dh, $from or die "$from: $!\n";
	my @files = grep { !/\A(?:\.|\.\.|\.git|obj)\z/ } readdir $dh;
	remove_tree($to);
	for my $file (@files, grep { -e "$from/$_" } @built) {
		my $dir = dirname("$to/$file");

		make_path($dir);
		system('cp', '-a', "$from/$file", $dir) == 0 or
		    die "cannot copy the tree\n";
	}
}

sub prepare {
	my @runs = @_;
	my %kernels;

	make_path($scratch);
	remove_tree(glob "$scratch/*");
	copy('.', $base);
	# An EFI program takes the kernel as it is, and -flavor comes first.
	spew("$base/ld.mutant", "#!/bin/sh\n" .
	    "[ \"\$1\" = -flavor ] && exec $opt{LD} \"\$@\"\n" .
	    "exec $opt{LD} `cat ld.args` \"\$@\"\n");
	chmod 0755, "$base/ld.mutant";
	spew("$base/ld.args", '');
	for my $run (grep { base($_) eq $base } @runs) {
		$kernels{"$run->{arch} " . kind($run->{cell})} = 1;
	}
	pool(sub {
		my ($arch, $kind) = split ' ', $_[0];

		build($base, "$scratch/log-$arch-$kind", $arch, $kind,
		    'image') == 0 or
		    spew("$scratch/failed", slurp("$scratch/log-$arch-$kind"));
	}, sub { }, sort keys %kernels);
	die slurp("$scratch/failed"), "mutants.pl: the tree does not build\n"
	    if -e "$scratch/failed";
}

# What boot.pl made of it, and the console; on the way, how long each test
# took, where that is wanted.
sub boot {
	my ($dir, $cell, $silence, $limit, $test, $took) = @_;
	my ($arch, $machine, $cpus, $up) = split m{/}, $cell;
	my $last = time;
	my %b = (out => '', status => 0);
	# Most mutants hang: what waits in the guest gives up early.
	my @append = map { ('--append', $_) } 'watch=2', 'wait=10',
	    defined $test ? "tests=$test" : ();

	my $pid = open(my $fh, '-|') // die "fork: $!";
	if ($pid == 0) {
		chdir $dir or POSIX::_exit(127);
		open STDIN, '<', '/dev/null';
		open STDERR, '>&', \*STDOUT;
		delete $ENV{HARNESS_ACTIVE};
		{ no warnings 'exec'; exec 'perl', 'tests/boot.pl', @append,
		    '--silence', $silence, '--limit', $limit, $cell; }
		POSIX::_exit(127);
	}
	while (my $line = <$fh>) {
		$b{out} .= $line;
		if ($took && $line =~ /\A(?:not )?ok \d+ - \w+\.(\S+)/) {
			$took->{$1} = time - $last;
			$last = time;
		}
	}
	close $fh;
	$b{status} = $? >> 8;
	my ($name) = $b{out} =~ m{^\# (\S+): }m;
	if (defined $name) {
		my (undef, @of) = split m{/}, $name;

		$b{log} = slurp("$dir/obj/$arch/boot/" . join('-', @of) .
		    '.log');
	}
	$b{log} //= '';
	return \%b;
}

# A check that prints TAP; of one test, or whole.
sub tap_check {
	my ($dir, $log, $check, $arch, $test) = @_;
	my $status = run($dir, $log, 'make', '--no-print-directory',
	    "check-$check", 'PROVE=prove -v', "CC=$opt{CC}", 'LD=./ld.mutant',
	    $host{$check} ? () : "ARCH=$arch",
	    defined $test ? "WORD=$test" : ());

	return { status => $status >> 8 || $status, out => slurp($log),
	    log => '' };
}

# Without a mutant every test named must be good: the tests of a cell in as
# few boots as the 127 characters of tests= allow.
sub baseline {
	my @runs = @_;
	my (%names, %of, @jobs, %said, %red);

	for my $run (grep { $_->{r}{caught} ne 'build' } @runs) {
		$of{what($run)} = $run;
		$names{what($run)}{test_of($run->{r})} = 1;
	}
	for my $what (sort keys %names) {
		my @names = sort keys %{$names{$what}};
		my %job = (what => $what, run => $of{$what});

		unshift @jobs, \%job if $what !~ /\Aboot /;
		while ($what =~ /\Aboot / && @names) {
			my $list = shift @names;

			$list .= ',' . shift @names
			    while @names && length "$list,$names[0]" < 120;
			push @jobs, { %job, list => $list };
		}
	}
	$jobs[$_]{file} = "$scratch/baseline.$_" for 0 .. $#jobs;
	pool(\&green, sub {
		my $text = slurp($_[0]{file});

		$said{$_[0]{what}} .= $text;
		$took{"$_[0]{what} $1"} = $2
		    while $text =~ /^took (\S+) (\S+)$/mg;
	}, @jobs);
	for my $run (grep { $_->{r}{caught} ne 'build' } @runs) {
		my ($r, $what) = ($run->{r}, what($run));
		my $name = test_of($r);
		my @ok = $said{$what} =~
		    /^(ok \d+ - (?:\w+\.)?\Q$name\E(?![\w-]).*)/mg;

		# What has several cells may have to skip it in one.
		next if grep { !/# SKIP/i } @ok;
		$red{$what} .= "$r->{at}: without a mutant '$what' " .
		    (@ok ? 'skips' : 'has no good') . " $name\n";
	}
	die map({ "$said{$_}\n" } sort keys %red), @red{sort keys %red}
	    if %red;
}

# A part of that, in a process of its own; what came of it is in a file.
sub green {
	my ($job) = @_;
	my $run = $job->{run};
	my ($check, $begun) = ($run->{r}{caught}, time);
	my ($b, %t);

	if ($check eq 'boot') {
		$b = boot($base, $run->{cell}, 80, 600, $job->{list}, \%t);
	} else {
		my $dir = base($run);

		copy($base, $dir, $host{$check} ? () : "obj/$run->{arch}");
		$b = tap_check($dir, "$dir/log", $check, $run->{arch});
		$t{'-'} = time - $begun;
	}
	spew($job->{file}, join '', $b->{out}, "\n",
	    map { "took $_ $t{$_}\n" } keys %t);
}

# How long a run takes where nothing is wrong.
sub expected {
	my ($run) = @_;
	my $what = what($run);

	return $took{"$what " . test_of($run->{r})} // $took{"$what -"} // 0;
}

# A check, and where it is run.
sub what {
	my ($run) = @_;
	my $check = $run->{r}{caught};

	return "$check " . ($check eq 'boot' ? $run->{cell} : $run->{arch});
}

# The test that is run; some test where it is the run as a whole.
sub test_of {
	my ($r) = @_;

	return $r->{name} eq '-' ? 'run_pairs' : $r->{name};
}

#
# One mutant
#

sub edit {
	my ($dir, $r, $e) = @_;
	my $text = slurp("$dir/$e->{file}");
	my $old = $e->{old};
	my $at = index "\n$text", "\n$old";

	bad($r, "no file $e->{file}") if $text eq '';
	bad($r, "nothing says what to change in $e->{file}") if $old eq '';
	bad($r, "no longer applies to $e->{file}") if $at < 0;
	bad($r, "applies to $e->{file} more than once")
	    if index("\n$text", "\n$old", $at + 1) >= 0;
	substr($text, $at, length $old) = $e->{new};
	return $text;
}

# Returns what went wrong, undef where it is ready to run.
sub mutate {
	my ($dir, $run) = @_;
	my ($arch, $kind) = ($run->{arch}, kind($run->{cell}));
	my @args;

	for my $e (@{$run->{r}{edits}}) {
		if (!$e->{wrap}) {
			spew("$dir/$e->{file}", edit($dir, $run->{r}, $e));
			next;
		}
		my $o = "obj/$arch/$kind/tests/mutants/wrap.o";
		spew("$dir/tests/mutants/wrap.c",
		    "#include \"mutants/wrap.h\"\n$e->{new}");
		push @args, map({ "--wrap=$_" } @{$e->{wrap}}), $o;
		build($dir, "$dir/log", $arch, $kind, $o) == 0 or
		    return "does not compile";
		unlink "$dir/obj/$arch/$kind/kernel.elf";
	}
	spew("$dir/ld.args", join ' ', @args);
	return undef if $run->{r}{caught} ne 'boot';	# that builds
	build($dir, "$dir/log", $arch, $kind, 'image') == 0 or
	    return "does not build";
	return undef;
}

# Did it go red where it should, and was it said why?
sub judge {
	my ($run, $b) = @_;
	my $r = $run->{r};
	my $name = qr/(?:\w+\.)?\Q$r->{name}\E/;
	my $text = "$b->{out}$b->{log}";
	my $says = $r->{says} // "(?<![-\\w])\Q$r->{clause}\E(?![-\\w])";
	my $red = $r->{name} eq '-' ? $b->{status} != 0 :
	    $text =~ /^\s*not ok \d+ - $name(?:[\s:]|$)/m;

	if ($r->{caught} eq 'boot' && $r->{name} ne '-' && !$red) {
		# A panic names the test; where nothing does, it is the only
		# one there was, and the record has to know what is said.  Or
		# it did not get that far: not every mutant dies at once.
		$red = $b->{log} =~ /^# $name proves /m ||
		    $b->{status} == 1 && defined $r->{says} &&
		    $b->{log} !~ /^panic: /m &&
		    $b->{log} =~ /==== portkit begin/ ||
		    $b->{log} =~ /^panic: /m &&
		    $b->{log} !~ /^# \S+ proves |^(?:not )?ok \d/m;
	}
	return "could not be run" if $b->{status} == 75;
	return $b->{status} ? "red, but not by $r->{name}" :
	    "NOT CAUGHT" if !$red;
	return "red, but does not say '" . ($r->{says} // $r->{clause}) . "'"
	    if $text !~ /$says/m;
	return undef;
}

# In a process of its own; the result is in a file.
sub mutant {
	my ($run) = @_;
	my $r = $run->{r};
	my $dir = "$scratch/$r->{mutant}.$run->{arch}";
	my $begun = time;
	my ($b, $why);

	copy(base($run), $dir, base($run) ne $base ? 'obj' :
	    "obj/$run->{arch}/" . kind($run->{cell}));
	$why = mutate($dir, $run);
	if ($r->{caught} eq 'build') {
		$b = { status => build($dir, "$dir/log", $run->{arch},
		    kind($run->{cell})), log => '' };
		$b->{out} = slurp("$dir/log");
		$r->{name} = '-';
		$why = judge($run, $b);
	} elsif (defined $why) {
		print slurp("$dir/log");
	} elsif ($r->{caught} eq 'boot' && $opt{ALL}) {
		$b = boot($dir, $run->{cell}, 60, 300);
		$why = join ' ', 'red:', $b->{log} =~
		    /^not ok \d+ - \w+\.(\w+)|^# \w+\.(\w+) proves.*\n+panic/mg;
	} elsif ($r->{caught} eq 'boot') {
		my $t = expected($run);

		# The guest has its own watchdogs: 2, 8 and 10 s.
		$b = boot($dir, $run->{cell}, 40 + 10 * $t, 150 + 20 * $t,
		    test_of($r));
		$why = judge($run, $b);
	} else {
		$b = tap_check($dir, "$dir/log", $r->{caught}, $run->{arch},
		    $r->{name});
		$why = judge($run, $b);
	}
	spew("$scratch/$r->{mutant}.$run->{arch}.result",
	    sprintf("%.0f %s", time - $begun, $why // 'caught'));
	spew("$scratch/$r->{mutant}.$run->{arch}.log",
	    ($b->{out} // '') . "\n" . ($b->{log} // '')) if defined $why;
	remove_tree($dir) unless $opt{KEEP} && defined $why;
}

sub mutant_done {
	my ($run) = @_;
	my $result = slurp("$scratch/$run->{r}{mutant}.$run->{arch}.result");

	@$run{qw(seconds why)} = $result =~ /\A(\d+) (.*)\z/ ? ($1, $2) :
	    (0, 'broke off');
	print table_line($run->{r}, $run->{arch}, "$run->{seconds} s",
	    $run->{why}), "\n";
}

# Do each in a process of its own, JOBS at a time.
sub pool {
	my ($work, $done, @todo) = @_;
	my %of;

	while (@todo || %of) {
		while (@todo && keys %of < $opt{JOBS}) {
			my $job = shift @todo;
			my $pid = fork // die "fork: $!";

			if ($pid == 0) {
				setpgrp;
				$SIG{INT} = $SIG{TERM} = 'DEFAULT';
				eval { $work->($job); 1 } or print STDERR $@;
				POSIX::_exit(0);
			}
			$of{$pid} = $job;
			@children = keys %of;
		}
		my $job = delete $of{waitpid -1, 0} or next;
		@children = keys %of;
		$done->($job);
	}
}

#
# What is said of them
#

sub table_line {
	my ($r, $arch, $seconds, $why) = @_;
	my $by = "$r->{caught} $r->{name}";

	return sprintf '%-28s %-10s %-6s %-26s %6s  %s', $r->{mutant},
	    $r->{clause}, $arch, $by, $seconds, $why;
}

sub report {
	my ($begun, $runs, $equivalent) = @_;
	my @caught = grep { $_->{why} eq 'caught' } @$runs;
	my @open = grep { $_->{why} ne 'caught' && $_->{r}{open} } @$runs;
	my @failed = grep { $_->{why} ne 'caught' && !$_->{r}{open} } @$runs;
	my @closed = grep { $_->{r}{open} } @caught;
	my %mutants = map { $_->{r}{mutant} => 1 } @$runs;
	my %on;

	$on{$_->{arch}}++ for @caught;
	print "\n";
	printf "equivalent: %s (%s): %s\n", @$_{qw(mutant clause equivalent)}
	    for @$equivalent;
	printf "open: %s (%s, %s): %s\n", $_->{r}{mutant}, $_->{r}{clause},
	    $_->{arch}, $_->{r}{open} for @open;
	printf "no longer open: %s (%s)\n", $_->{r}{mutant}, $_->{arch}
	    for @closed;
	printf "FAILED: %s (%s, %s): %s; see %s\n", $_->{r}{mutant},
	    $_->{r}{clause}, $_->{arch}, $_->{why},
	    "obj/mutants/$_->{r}{mutant}.$_->{arch}.log" for @failed;
	printf "%d mutants, %d runs: %d caught (%s), %d not, %d open; " .
	    "%d equivalent; %d s\n", scalar keys %mutants, scalar @$runs,
	    scalar @caught, join(', ', map { "$on{$_} $_" } sort keys %on),
	    scalar @failed, scalar @open, scalar @$equivalent, time - $begun;
	return @failed || @closed ? 1 : 0;
}
