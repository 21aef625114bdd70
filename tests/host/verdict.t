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

# The judge is judged: good and bad consoles are given to verdict.pl as files
# and to boot.pl as the output of a script that plays QEMU, and each must get
# its own message and exit status.  What boot.pl prints is read with prove's
# own parser, so that no broken stream is green there.  The architecture is
# an invented one, in a scratch tree.

use strict;
use warnings;
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use IO::Select;
use POSIX qw(_exit mkfifo);
use TAP::Parser;
use Test::More;

my $tests = "$FindBin::Bin/..";
my $dir = tempdir(CLEANUP => 1);
my $top = "$dir/top";
my $bin = "$dir/bin";
my $jobs = 0;

# No setting of whoever runs this may reach the runs in here.
delete @ENV{qw(QEMU ACCEL HARNESS_ACTIVE HARNESS_IS_VERBOSE)};
@ENV{qw(BOOT_SILENCE BOOT_GRACE BOOT_LIMIT)} = (2, 2, 20);
alarm 120;

sub write_file {
	my ($file, $text) = @_;

	open my $fh, '>:raw', $file or die "$file: $!";
	print $fh $text;
	close $fh or die "$file: $!";
	return $file;
}

sub read_file {
	my ($file) = @_;

	open my $fh, '<:raw', $file or die "$file: $!";
	local $/;
	return scalar(<$fh>) // '';
}

# Start a script of the kit with `env' set; end() waits for it.
sub begin {
	my ($env, $script, @args) = @_;
	my %job = (out => "$dir/out" . ++$jobs, err => "$dir/err$jobs");

	defined($job{pid} = fork) or die "fork: $!";
	if ($job{pid} == 0) {
		$SIG{INT} = 'DEFAULT';	# ignored in what a shell runs with &
		@ENV{keys %$env} = values %$env;
		open STDOUT, '>', $job{out};
		open STDERR, '>', $job{err};
		exec $^X, "$tests/$script", @args or _exit(126);
	}
	return \%job;
}

# Exit status, standard output, standard error.
sub end {
	my ($job) = @_;

	waitpid $job->{pid}, 0;
	return ($? & 127 ? "signal " . ($? & 127) : $? >> 8,
	    read_file($job->{out}), read_file($job->{err}));
}

sub run { return end(begin(@_)) }

# A boot in which the shell commands $play are QEMU.
sub begin_boot {
	my ($play, @args) = @_;

	# By the clock, whatever else runs here.
	return begin({ QEMU => $bin, PLAY => $play }, 'boot.pl',
	    '--top', $top, '--proc', "$dir/none", @args);
}

# boot.pl without a run: what it says, and how it exits.
sub says {
	my ($env, $args, $status, $line, $name) = @_;
	my ($is, undef, $err) = run($env, 'boot.pl', '--top', $top, @$args);

	is_deeply [$is, $err], [$status, "boot.pl: $line\n"], $name;
}

# A whole console around the lines given.
my $BEGIN = "==== portkit begin arch=fake cpus=4 ====\n";

sub console {
	my ($tests, $failed, @lines) = @_;

	return join '', $BEGIN, map({ "$_\n" } @lines), sprintf
	    "==== portkit end tests=%d failed=%d lines=%d ====\n",
	    $tests, $failed, scalar @lines;
}

my @ABC = ("ok 1 - a", "ok 2 - b", "ok 3 - c");
my $GOOD = console(3, 0, "1..3", @ABC);
my $PASS = "PASS fake cpus=4: 3 ok, 0 skipped";
my $SO_FAR = $BEGIN . "1..8\nok 1 - a\nok 2 - b\nok 3 - c\n";
my $RUNNING = "test 4 of 8 was running, after 'ok 3 - c'";
my $WELL = "the run ended as it should";

# The consoles: a name, the bytes, and the line of verdict of verdict.pl.
# `boot' is the verdict's end where boot.pl knows more: what QEMU did.  `tap'
# is what boot.pl makes of it, "." standing for an ok and "x" for a not ok.
# `alone': this is the only complaint; `whole': the run itself ended well.
my $EXITED = "QEMU exited with status 0 before the end marker: the machine " .
    "was reset (triple fault?) or switched off; ";
my @CASES = (
    { name => 'all passed', text => $GOOD, line => $PASS, tap => '....' },
    { name => 'carriage returns', text => $GOOD =~ s/\n/\r\n/gr,
	line => $PASS, tap => '....' },
    { name => 'no newline at the end', text => $GOOD =~ s/\n\z//r,
	line => $PASS, tap => '....' },
    { name => 'diagnostics and blank lines', line => $PASS, tap => '....',
	text => console(3, 0, '# cpu2', '1..3', @ABC, '', '# ok 4 - d') },
    { name => 'NUL bytes and escapes of firmware', line => $PASS,
	tap => '....', text => "\0\0\e[2J\e[1;1H\xff\xfe\r\n\0\e[0m$GOOD\0\e[m", },
    { name => 'begin marker after firmware text without newline',
	text => "Booting from ROM..$GOOD", line => $PASS, tap => '....' },
    { name => 'lucky firmware text', line => $PASS, tap => '....',
	text => "1..1\nok 1 - x\nnot ok 2 - y\npanic: no\n==== portkit end " .
	    "tests=0 failed=0 lines=0 ====\nhere ==== portkit begin " .
	    "arch=fake cpus=4 ==== or not\n${GOOD}ok 9 - z\n1..7\nbye\n" },
    { name => 'a skip', line => "PASS fake cpus=4: 2 ok, 1 skipped",
	text => console(3, 0, '1..3', @ABC[0, 1], 'ok 3 - c # SKIP no HPET'),
	tap => '....', more => qr/^# skipped 3 - c: no HPET$/m },
    { name => 'a skip spelt otherwise', tap => '....',
	line => "PASS fake cpus=4: 2 ok, 1 skipped",
	text => console(3, 0, '1..3', @ABC[0, 1], 'ok 3 - c # skipped: x') },

    { name => 'a test failed', tap => '.x..', whole => 1,
	line => "FAIL fake cpus=4: 1 of 3 tests failed: 2 (b)",
	text => console(3, 1, '1..3', $ABC[0], '# saw 1', 'not ok 2 - b',
	    '# at line 9', $ABC[2]),
	more => qr/^# not ok 2 - b \(line 5\)\n#     # saw 1\n#     # at line 9\n/m },
    { name => 'TODO does not excuse', tap => '.x..', whole => 1,
	line => "FAIL fake cpus=4: 1 of 3 tests failed: 2 (b # TODO later)",
	text => console(3, 1, '1..3', $ABC[0], 'not ok 2 - b # TODO later',
	    $ABC[2]) },
    { name => 'SKIP does not excuse', tap => '.x..', whole => 1,
	line => "FAIL fake cpus=4: 1 of 3 tests failed: 2 (b)",
	text => console(3, 1, '1..3', $ABC[0], 'not ok 2 - b # SKIP x',
	    $ABC[2]) },
    { name => 'all skipped', tap => '..x',
	line => "FAIL fake cpus=4: ran no test (all 2 skipped)",
	text => console(2, 0, '1..2', 'ok 1 - a # SKIP x',
	    'ok 2 - b # SKIP y') },
    { name => 'an empty plan', tap => 'x',
	line => "FAIL fake cpus=4: ran no test",
	text => console(0, 0, '1..0') },
    { name => 'failed= does not agree', tap => '.x.x',
	line => "FAIL fake cpus=4: the end marker says failed=0, but 1 failed",
	text => console(3, 0, '1..3', $ABC[0], 'not ok 2 - b', $ABC[2]) },
    { name => 'failed= above zero, all ok', tap => '...x',
	line => "FAIL fake cpus=4: the end marker says failed=1, but 0 failed",
	text => console(3, 1, '1..3', @ABC) },
    { name => 'tests= does not agree', tap => '...x',
	line => "FAIL fake cpus=4: the end marker says tests=4, but 3 came",
	text => console(4, 0, '1..3', @ABC) },
    { name => 'lines= does not agree', tap => '...x',
	line => "FAIL fake cpus=4: the end marker says lines=4, but 5 came: " .
	    "output was lost or added",
	text => $GOOD =~ s/ok 2/# new\nok 2/r },
    { name => 'two plans', tap => '...x',
	line => "FAIL fake cpus=4: a second plan at line 6: 1..3 after 1..3",
	text => console(3, 0, '1..3', @ABC, '1..3') },
    { name => 'two plans that differ', tap => '.x',
	line => "FAIL fake cpus=4: a second plan at line 4: 1..1 after 1..3",
	text => console(1, 0, '1..3', $ABC[0], '1..1') },
    { name => 'no plan', tap => 'x',
	line => "FAIL fake cpus=4: a test before the plan, at line 2",
	text => console(3, 0, @ABC) },
    { name => 'no plan and no test', tap => 'x',
	line => "FAIL fake cpus=4: no plan", text => console(0, 0, '# hi') },
    { name => 'plan at the end', tap => 'x',
	line => "FAIL fake cpus=4: a test before the plan, at line 2",
	text => console(3, 0, @ABC, '1..3') },
    { name => 'a number is missing', tap => '.x',
	line => "FAIL fake cpus=4: test 2 is missing: 3 comes in its place, " .
	    "at line 4",
	text => console(2, 0, '1..3', @ABC[0, 2]) },
    { name => 'a number comes twice', tap => '..x',
	line => "FAIL fake cpus=4: test 2 comes twice, at lines 4 and 5",
	text => console(4, 0, '1..3', @ABC[0, 1, 1, 2]) },
    { name => 'numbers out of order', tap => '.x',
	line => "FAIL fake cpus=4: test 2 is missing: 3 comes in its place, " .
	    "at line 4",
	text => console(3, 0, '1..3', @ABC[0, 2, 1]) },
    { name => 'a number beyond the plan', tap => '...x',
	line => "FAIL fake cpus=4: test 4, at line 6, is beyond the plan 1..3",
	text => console(4, 0, '1..3', @ABC, 'ok 4 - d') },
    { name => 'fewer than planned', tap => '...x',
	line => "FAIL fake cpus=4: the plan is 1..4, but 3 tests came",
	text => console(3, 0, '1..4', @ABC) },
    { name => 'foreign text', tap => '...x',
	line => "FAIL fake cpus=4: line 4 is neither TAP nor a # line: " .
	    "'\\x1b[1mhello'",
	text => console(3, 0, '1..3', $ABC[0], "\e[1mhello", @ABC[1, 2]) },
    { name => 'a test without a name', tap => '..x',
	line => "FAIL fake cpus=4: line 5 is neither TAP nor a # line: 'ok 3'",
	text => console(3, 0, '1..3', @ABC[0, 1], 'ok 3') },
    { name => 'Bail out!', tap => 'x',
	line => "FAIL fake cpus=4: line 3 is neither TAP nor a # line: " .
	    "'Bail out!'",
	text => console(0, 0, '1..3', 'Bail out!') },
    { name => 'end marker inside a line', tap => '..x',
	line => "FAIL fake cpus=4: no end marker: all 2 tests were done, " .
	    "after 'ok 2 - b==== portkit end tests=2 failed=0 lines=3 ===='",
	boot => $EXITED . "all 2 tests were done, after 'ok 2 - b==== " .
	    "portkit end tests=2 failed=0 lines=3 ===='",
	text => console(2, 0, '1..2', @ABC[0, 1]) =~ s/b\n/b/r },
    { name => 'two end markers', tap => '...x',
	line => "FAIL fake cpus=4: a second end marker at line 7",
	text => $GOOD . ($GOOD =~ /(.*\n)\z/)[0] },
    { name => 'another architecture', tap => '...x',
	line => "FAIL arm cpus=4: the console says arch=arm, expected fake",
	text => $GOOD =~ s/arch=fake/arch=arm/r },
    { name => 'too few CPUs', tap => '...x', line => undef,
	boot => "the console says cpus=3, expected 4",
	text => $GOOD =~ s/cpus=4/cpus=3/r },

    { name => 'a reset', tap => '.x', alone => 1,
	line => "FAIL fake cpus=4: a second begin marker at line 4: the " .
	    "machine started again (reset or triple fault); test 2 of 3 was " .
	    "running, after 'ok 1 - a'",
	text => $BEGIN . "1..3\nok 1 - a\n$GOOD" },
    { name => 'a reset cut short', tap => '...x', alone => 1,
	line => "FAIL fake cpus=4: a second begin marker at line 6: the " .
	    "machine started again (reset or triple fault); $RUNNING",
	text => $SO_FAR . $BEGIN =~ s/\n//r },
    { name => 'a reset after the end', tap => '...x',
	line => "FAIL fake cpus=4: a second begin marker at line 8: the " .
	    "machine started again (reset or triple fault); the end marker " .
	    "had come",
	text => "$GOOD\n$GOOD" },
    { name => 'a panic', tap => '...x', alone => 1,
	line => "FAIL fake cpus=4: panic: kernel fault (line 6; $RUNNING)",
	text => $SO_FAR . "panic: kernel fault\ncpu0 main+0x4\ncpu1 idle\n" },
    { name => 'a panic in a whole stream', tap => '...x',
	line => "FAIL fake cpus=4: panic: twice (line 6; all 3 tests were " .
	    "done, after 'ok 3 - c')",
	text => console(3, 0, '1..3', @ABC, 'panic: twice') },
    { name => 'a panic after the end', tap => '...x',
	line => "FAIL fake cpus=4: panic: late (line 7, after the end marker)",
	text => "${GOOD}panic: late\n" },
    { name => 'nothing at all', tap => 'x', text => '',
	line => "FAIL fake: nothing was printed",
	boot => $EXITED . "nothing was printed" },
    { name => 'a panic before the suite', tap => 'x',
	text => "gic: GICv3\npanic: cpu0: BOOT-1: x\n\ty+0x1\n",
	line => "FAIL fake: no begin marker, but panic: cpu0: BOOT-1: x",
	boot => $EXITED . "no begin marker, but panic: cpu0: BOOT-1: x" },
    { name => 'firmware text only', tap => 'x', text => "SeaBIOS\n\nok 1 - x",
	line => "FAIL fake: only firmware text (3 lines), no begin marker",
	boot => $EXITED . "only firmware text (3 lines), no begin marker" },
    { name => 'a begin marker and no more', tap => 'x', text => $BEGIN,
	line => "FAIL fake cpus=4: no end marker: the begin marker had come, " .
	    "but no plan",
	boot => $EXITED . "the begin marker had come, but no plan" },
    { name => 'a plan and no more', tap => 'x', text => "${BEGIN}1..8\n",
	line => "FAIL fake cpus=4: no end marker: test 1 of 8 was running",
	boot => $EXITED . "test 1 of 8 was running" },
    { name => 'truncated', tap => '...x', text => $SO_FAR,
	line => "FAIL fake cpus=4: no end marker: $RUNNING",
	boot => $EXITED . $RUNNING },
);

make_path("$top/md-fake", "$top/obj/fake/mp", "$top/obj/fake/up", $bin);
write_file("$top/obj/fake/$_/kernel.bin", "kernel\n") for qw(mp up);
my $TABLE = <<'END';
qemu	qemu-system-fake
gdb	fake:64		# a comment
kernel	kernel.bin
cpu	c1
common	-a -b
common	-c
append	x=1
machine	box	8 ends  -M box
machine	old	2 stays -M old -cpu c2
default	box
boot	box 4
boot	box 6,sockets=2,cores=3
boot	old 1 up
END
write_file("$top/md-fake/machines", $TABLE);
my $fake = write_file("$bin/qemu-system-fake", "#!/bin/sh\neval \"\$PLAY\"\n");
chmod 0755, $fake;
my $good = write_file("$dir/good", $GOOD);
my $sofar = write_file("$dir/sofar", $SO_FAR);
# Shell commands that have /proc/stat go on for four seconds, and what is there
# of the process itself.
sub counting {
	my ($proc, $line, $own) = @_;
	my $d = "$dir/$proc";

	make_path($d);
	write_file("$d/stat", "cpu 9 0 0 9 0\n");
	return "mkdir $d/\$\$; for n in 1 2 3 4 5 6 7 8; do " .
	    "echo '1 (q ' \"" . ($own // ') R') . "\" >$d/own; " .
	    "mv $d/own $d/\$\$/stat; echo $line >$d/new; " .
	    "mv $d/new $d/stat; sleep 0.5; done; ";
}

write_file("$dir/eight", console(8, 0, "1..8", @ABC,
    map { "ok $_ - x" } 4 .. 8));
write_file("$dir/panic", "${SO_FAR}panic: stuck\n");
write_file("$dir/bad", $GOOD =~ s/^ok 2/not ok 2/mr =~ s/failed=0/failed=1/r);

# What takes time runs beside the rest; each run its own cell, and so its own
# log.  ("4,n=1" is four CPUs as well.)
my %slow = (
	hang => begin_boot("cat $sofar; sleep 60", 'fake/box/4,n=1'),
	mute => begin_boot("sleep 60", 'fake/box/4,n=2'),
	# For longer than that, others have the processors, or nobody.
	loaded => begin_boot("cat $sofar; " . counting('loaded',
	    'cpu ${n}00 0 0 9 0') . "tail -n +6 $dir/eight",
	    '--proc', "$dir/loaded", 'fake/box/4,n=8'),
	idle => begin_boot("cat $sofar; " . counting('idle',
	    'cpu 9 0 0 ${n}00 0') . 'sleep 60', '--proc', "$dir/idle",
	    '--limit=7', 'fake/box/4,n=9'),
	spins => begin_boot("cat $sofar; " . counting('spins',
	    'cpu ${n}00 0 0 9 0', 'sh) R 1 1 1 0 0 0 0 0 0 0 ${n}00 0') .
	    'sleep 60', '--proc', "$dir/spins", '--limit=7',
	    'fake/box/4,n=10'),
	firmware => begin_boot("echo SeaBIOS; sleep 60", 'fake/box/4,n=3'),
	limit => begin_boot("cat $sofar; while echo '# tick'; do sleep 0.2; " .
	    "done", '--limit=3', 'fake/box/4,n=4'),
	ends => begin_boot("cat $good; sleep 60", 'fake/box/4,n=5'),
	# It has not to be waited for: the limit comes before the grace.
	stays => begin_boot("sed s/cpus=4/cpus=2/ $good; sleep 60",
	    '--grace=9', '--limit=7', 'fake/old/2'),
	panic => begin_boot("cat $dir/panic; sleep 60", 'fake/box/4,n=6'),
	deaf => begin_boot("trap '' TERM; cat $sofar; while :; do sleep 1; " .
	    "done", 'fake/box/4,n=7'),
);

sub squeeze {
	my ($tap) = @_;

	return join '', map { /^ok/ ? '.' : 'x' } grep { /^(not )?ok/ }
	    split /\n/, $tap;
}

# One run of boot.pl: its exit status, verdict, tests, and colour in prove.
sub boot_is {
	my ($job, $status, $verdict, $tap, $name) = @_;
	my ($is, $out, $err) = end($job);
	my ($line) = $out =~ m{^# fake/\S+: ((?:PASS|FAIL|ERR).*)}m;
	my ($last) = $out =~ /.*^((?:not )?ok .*?)$/ms;
	my $p = TAP::Parser->new({ tap => $out });

	$p->run;
	is $line, $verdict, "boot: $name" or diag $out, $err;
	is "$is " . squeeze($out), "$status $tap", "boot: $name: its TAP"
	    or diag $out, $err;
	is $p->has_problems ? 'red' : 'green', $status ? 'red' : 'green',
	    "boot: $name: as prove sees it";
	like $last // '', qr/- \Q$WELL\E\z/, "boot: $name: the last test";
	like $out, qr/\A1\.\.\d+\n/, "boot: $name: the plan comes first";
	return $out;
}

for my $c (@CASES) {
	my $file = write_file("$dir/console", $c->{text});
	my $verdict = $c->{line} // "FAIL fake cpus=3: $c->{boot}";
	my $fail = $verdict =~ /^FAIL/ ? 1 : 0;
	my $job = begin_boot("cat $file", 'fake/box/4');

	if (defined $c->{line}) {
		my ($status, $out) = run({}, 'verdict.pl', $file, 'fake');
		my ($line) = $out =~ /\A(.*)\n/;

		is $line, $c->{line}, "verdict: $c->{name}";
		is $status, $fail, "verdict: $c->{name}: exit status";
		like $out, $c->{more}, "verdict: $c->{name}: what it shows"
		    if $c->{more};
	}
	$verdict =~ s/^(FAIL .*?): .*/$1: $c->{boot}/ if $c->{boot};
	my $out = boot_is($job, $fail, $verdict, $c->{tap}, $c->{name});
	is read_file("$top/obj/fake/boot/box-4.log"), $c->{text},
	    "boot: $c->{name}: the log is the console, to the byte";
	like $out, $c->{more}, "boot: $c->{name}: what it shows" if $c->{more};
	unlike $out, qr/^# also: /m, "boot: $c->{name}: nothing else is said"
	    if $c->{alone};
	like $out, qr/^ok \d+ - \Q$WELL\E$/m,
	    "boot: $c->{name}: the run itself was well" if $c->{whole};
}

#
# verdict.pl alone
#

my ($status, $out, $err) = run({}, 'verdict.pl', $sofar);
like $out, qr/^# the last 5 lines of \S+:\n#     1\| ==== portkit begin/m,
    'the tail is shown';
write_file("$dir/console", "\0\e[2J\n" . $SO_FAR);
like((run({}, 'verdict.pl', "$dir/console"))[1], qr/^#     1\| \\x00\\x1b\[2J$/m,
    'garbage is shown escaped');
write_file("$dir/console", join '', map { "line $_\n" } 1 .. 99);
is scalar(() = (run({}, 'verdict.pl', "$dir/console"))[1] =~ /\| line/g), 30,
    'the tail has 30 lines';
for my $case ([["$dir/none"], "cannot read $dir/none: No such file or directory"],
    [['--foo', $good], "no option '--foo'; usage: verdict.pl LOG [ARCH]"],
    [[], "usage: verdict.pl LOG [ARCH]"],
    [[$dir], "$dir is a directory, not a saved console"]) {
	($status, $out, $err) = run({}, 'verdict.pl', @{$case->[0]});
	is "$status $err", "2 verdict.pl: $case->[1]\n",
	    "usage: verdict.pl @{$case->[0]}";
}

#
# What QEMU does
#

boot_is(begin_boot("cat $sofar; kill -SEGV \$\$", 'fake/box/4'), 1,
    "FAIL fake cpus=4: QEMU was killed by SIGSEGV; $RUNNING", '...x',
    'killed by a signal');
boot_is(begin_boot("cat $good; kill -ABRT \$\$", 'fake/box/4'), 1,
    "FAIL fake cpus=4: QEMU was killed by SIGABRT", '...x',
    'killed by a signal after the end marker');
boot_is(begin_boot("cat $sofar; exit 3", 'fake/box/4'), 1,
    "FAIL fake cpus=4: " . $EXITED =~ s/status 0/status 3/r . $RUNNING,
    '...x', 'exit before the end marker');
boot_is(begin_boot("cat $good; exit 33", 'fake/box/4'), 0, $PASS, '....',
    'an exit status is no verdict');
write_file("$top/md-fake/machines", "${TABLE}status 1 3\n");
boot_is(begin_boot("cat $good; exit 1", 'fake/box/4'), 0, $PASS, '....',
    'an exit status that agrees');
boot_is(begin_boot("cat $good; exit 3", 'fake/box/4'), 1, "FAIL fake cpus=4: " .
    "END-1: the machine's exit status (3) says failed, the console says passed",
    '...x', 'an exit status that disagrees');
boot_is(begin_boot("cat $good; exit 0", 'fake/box/4'), 1, "FAIL fake cpus=4: " .
    "END-1: the machine's exit status (0) says neither passed nor failed, the " .
    "console says passed", '...x', 'an exit status that says nothing');
boot_is(begin_boot("cat $dir/bad; exit 1", 'fake/box/4'), 1, "FAIL fake " .
    "cpus=4: END-1: the machine's exit status (1) says passed, the console " .
    "says failed", '.x.x', 'a failed test, and an exit status that says passed');
boot_is(begin_boot("cat $sofar; exit 1", 'fake/box/4'), 1, "FAIL fake cpus=4: " .
    $EXITED =~ s/status 0/status 1/r . $RUNNING, '...x',
    'an exit status alone makes nothing green');
write_file("$top/md-fake/machines", $TABLE);
boot_is(begin_boot("cat $dir/panic; kill -SEGV \$\$", 'fake/box/4'), 1,
    "FAIL fake cpus=4: panic: stuck (line 6; $RUNNING)", '...x',
    'a panic explains more than the signal after it');
mkfifo("$dir/pipe", 0600) or die "$dir/pipe: $!";
my $job = begin_boot("exec 3>$dir/pipe; cat $good; sleep 60 & exit",
    '--grace=9', '--limit=7', 'fake/box/4');
open my $alive, '<', "$dir/pipe" or die "$dir/pipe: $!";
boot_is($job, 0, $PASS, '....', 'a child that holds the console open');
ok(IO::Select->new($alive)->can_read(5), 'and it is not left behind');
boot_is(begin_boot("head -c 20000000 /dev/zero", 'fake/box/4'), 1,
    "FAIL fake: runaway console: more than 16 MB; only firmware text " .
    "(1 line), no begin marker", 'x', 'endless output');
boot_is(begin_boot("echo 'qemu: invalid kernel header' >&2; exit 1",
    'fake/box/4'), 1, "FAIL fake: QEMU refuses the kernel: qemu: invalid " .
    "kernel header; nothing was printed", 'x', 'a kernel that QEMU refuses');
like boot_is(begin_boot("cat $sofar; echo 'qemu: what?' >&2", 'fake/box/4'),
    1, "FAIL fake cpus=4: $EXITED$RUNNING", '...x', 'words of QEMU'),
    qr/^# QEMU said: qemu: what\?$/m, "what QEMU says is shown";
boot_is(begin_boot("sed s/cpus=4/cpus=1/ $good; [ \"\$*\" = '-accel tcg -a " .
    "-b -c -cpu c1 -M box -smp 2 -append x=1 t=2 y -kernel " .
    "$top/obj/fake/up/kernel.bin' ]  || exec kill -9 \$\$",
    '--append', 't=2 y', 'fake/box/2/up'), 0,
    "PASS fake cpus=1: 3 ok, 0 skipped", '....',
    'the arguments, and the uniprocessor kernel');

($status, $out) = end(begin_boot("echo x >> $dir/ran; cat $good", '--run',
    'fake/box/4', 'fake//', 'fake'));
is $status, 0, '--run: exit status';
is $out, join('', map({ "boot.pl: fake/box/4\n$GOOD\n$PASS\n" } 1 .. 3), "\n",
    map { "fake/box/4: $PASS\n" } 1 .. 3), '--run: consoles and verdicts';
($status, $out) = end(begin_boot("cat $sofar", '--run', 'fake'));
is $status, 1, '--run: exit status of a failure';
like $out, qr/\nFAIL fake cpus=4: \Q$EXITED$RUNNING\E\n\z/,
    '--run: the verdict comes last';

# To be seen through prove, which hides comments.
(undef, undef, $err) = run({ QEMU => $bin, PLAY => "cat $sofar",
    HARNESS_ACTIVE => 1 }, 'boot.pl', '--top', $top, 'fake/box/4');
like $err, qr{\A# fake/box/4: FAIL .*\n# the last 5 lines of },
    'under prove the reason is on standard error';
write_file("$dir/skip", console(2, 0, '1..2', 'ok 1 - a # SKIP no b',
    'ok 2 - c'));
for my $case (["true", qr{: FAIL fake: .*nothing was printed\n\z},
	'so is that there was no console'],
    ["cat $dir/skip", qr{\A# fake/box/4: PASS .* 1 skipped\n\z},
	'so is the number of skips'],
    ["cat $good", qr{\A\z}, 'what passed is silent']) {
	(undef, undef, $err) = run({ QEMU => $bin, PLAY => $case->[0],
	    HARNESS_ACTIVE => 1 }, 'boot.pl', '--top', $top, 'fake/box/4');
	like $err, $case->[1], "under prove, $case->[2]";
}

# Asked to stop, it leaves nothing behind, not even QEMU's children: each of
# them holds a pipe open, and its end is seen when the last of them is gone.
for my $signal (qw(TERM INT)) {
	my $pipe = "$dir/pipe$signal";

	mkfifo($pipe, 0600) or die "$pipe: $!";
	my $job = begin_boot("exec 3>$pipe; sleep 61 & sleep 62 & " .
	    "echo up >&3; wait", 'fake/box/4');
	open my $alive, '<', $pipe or die "$pipe: $!";
	is scalar(<$alive>), "up\n", "SIG$signal: QEMU is up";
	kill $signal, $job->{pid};
	($status, $out, $err) = end($job);
	is "$status $err", { TERM => 143, INT => 130 }->{$signal} .
	    " boot.pl: stopped by SIG$signal\n", "SIG$signal to the runner";
	ok(IO::Select->new($alive)->can_read(5),
	    "SIG$signal leaves no process behind");
}

#
# What cannot be run: status 75, one line, no TAP
#

my $two = "$dir/two";
make_path("$dir/empty", "$dir/plain", $two);
write_file("$dir/plain/qemu-system-fake", "");
write_file("$two/qemu-system-other", "#!/bin/sh\n");
write_file("$two/qemu-system-fake", "#!/nowhere/sh\n");
chmod 0755, "$two/qemu-system-other", "$two/qemu-system-fake";
my @cell = ('fake/box/4');
says({ QEMU => "$dir/none" }, \@cell, 75,
    "QEMU=$dir/none: no such file or directory", 'no such QEMU');
says({ QEMU => "$dir/empty" }, \@cell, 75, "QEMU=$dir/empty does not serve " .
    "fake, and there is no qemu-system-fake beside it",
    'a directory without this QEMU');
says({ QEMU => "$dir/plain" }, \@cell, 75,
    "$dir/plain/qemu-system-fake is not executable", 'QEMU not executable');
says({ QEMU => "$two/qemu-system-other" }, \@cell, 75, "cannot run " .
    "$two/qemu-system-fake: No such file or directory",
    'the neighbour of another QEMU is taken, and cannot be run');
says({ PATH => "$dir/empty" }, \@cell, 75,
    "no qemu-system-fake in PATH (./setup installs it)", 'no QEMU at all');
says({ QEMU => $bin, PLAY => "echo 'qemu: warning: w' >&2; echo 'qemu: " .
    "unsupported machine type' >&2; exit 1" }, \@cell, 75,
    "QEMU does not start: qemu: unsupported machine type",
    'a machine that this QEMU does not have');
says({ QEMU => $bin, PLAY => "cat $sofar; kill -KILL \$\$" }, \@cell, 75,
    "QEMU was killed by SIGKILL, from outside (out of memory?); $RUNNING",
    'killed from outside');
says({ QEMU => $bin, PLAY => "cat $good; kill -TERM \$\$" }, \@cell, 75,
    "QEMU was killed by SIGTERM, from outside (out of memory?); the end " .
    "marker had come", 'killed from outside after the end marker');
boot_is(begin_boot("cat $dir/panic; kill -KILL \$\$", 'fake/box/4'), 1,
    "FAIL fake cpus=4: panic: stuck (line 6; $RUNNING)", '...x',
    'a panic is certain, whoever kills QEMU then');
write_file("$dir/red", $SO_FAR . "not ok 4 - d\n");
boot_is(begin_boot("cat $dir/red; kill -KILL \$\$", 'fake/box/4'), 1,
    "FAIL fake cpus=4: QEMU was killed by SIGKILL; test 5 of 8 was running, " .
    "after 'not ok 4 - d'", '...xx', 'so is a failed test');
for my $file (qw(log record)) {
	says({ QEMU => $bin, PLAY => "cat $good" }, [@cell, "--$file",
	    '/dev/full'], 75, "cannot write /dev/full: No space left on device",
	    "a full disk: $file") if -c '/dev/full';
}
unlink "$top/obj/fake/up/kernel.bin";
says({ QEMU => $bin }, ['fake/old/1/up'], 75,
    "no kernel $top/obj/fake/up/kernel.bin; `make kernels-fake' builds it",
    'no kernel');

#
# Usage: status 2, one line that names what exists
#

says({}, ['foo/box/4'], 2, "no architecture 'foo'; there are: fake",
    'wrong architecture');
says({}, ['fake/foo/4'], 2, "no machine 'foo' for fake; there are: box old",
    'wrong machine');
says({}, ["fake/old/$_"], 2, "fake/old takes 1 to 2 CPUs, not '$_'",
    "wrong CPUS: $_") for '3', '0', 'x', '1,2', '1;ls', '1,a=1x';
my $WORDS = "up, hook, dirty, permute, sweep, single, icount, kvm, qemu7, " .
    "qemu10, clang14, clang19";
says({}, ["fake/box/4/$_"], 2, "no word 'dn' for fake; there are: $WORDS",
    "wrong word: $_") for 'dn', 'up,dn';
says({}, ['fake/box/4/up,'], 2, "no word '' for fake; there are: $WORDS",
    'an empty word');
says({}, ['fake/box/4/up,hook'], 2, "'up' and 'hook' exclude each other",
    'two words of an axis');
says({}, ['fake/box/4/up,sweep'], 2, "fake/box/4/up,sweep: up and sweep " .
    "exclude each other: those tests are in the ordinary kernel",
    'words that do not go together');
says({}, ['fake/box/4/up/x'], 2,
    "'fake/box/4/up/x' is not ARCH/MACHINE/CPUS[/WORD,WORD...]",
    'too many parts');
says({}, [], 2, "no cell named; see boot.pl --help", 'no cell');
says({}, ['--foo'], 2, "no option '--foo'; see boot.pl --help",
    'no such option');
says({}, ['--silence=x'], 2, "silence is a number of seconds, not 'x'",
    'a limit that is none');
is((run({}, 'boot.pl', '--top', $top, '--list'))[1],
    "fake/box/4\nfake/box/6,sockets=2,cores=3\nfake/old/1/up\n", '--list');
is((run({ ACCEL => 'kvm' }, 'boot.pl', '--top', $top, '--print', '--append',
    "it's", 'fake/old'))[1], "qemu-system-fake -accel kvm -a -b -c " .
    "-M old -cpu c2 -smp 2 -append 'x=1 it'\\''s' -kernel " .
    "$top/obj/fake/mp/kernel.bin\n", '--print');

for my $case (["qemu x\n", "a second 'qemu' record"],
    ["boots box 4\n", "no record 'boots'; there are: append boot cell " .
	"common controller cpu cpus default firmware gdb host kernel machine " .
	"never only qemu sees status type"],
    ["status 1\n", "'status' takes 2 words, not 1"],
    ["status 1 1\n", "two exit statuses, not '1 1'"],
    ["boot bix 4\n", "no machine 'bix' for fake; there are: box old"],
    ["boot old 3\n", "fake/old takes 1 to 2 CPUs, not '3'"],
    ["boot old 2x\n", "fake/old takes 1 to 2 CPUs, not '2x'"],
    ["boot old 2 dn\n", "no word 'dn' for fake; there are: $WORDS"],
    ["boot box 4\n", "a second boot of fake/box/4"],
    ["machine box 4 ends\n", "a second machine 'box'"],
    ["machine BOX 4 ends\n", "bad machine name 'BOX'"],
    ["machine bix four ends\n", "MAXCPUS is a number, not 'four'"],
    ["machine bix 4 end\n", "'ends' or 'stays', not 'end'"],
    ["machine bix\n", "'machine' takes 3 or more words, not 1"]) {
	my ($line, $why) = @$case;

	write_file("$top/md-fake/machines", $TABLE . $line);
	says({}, ['fake/box/4'], 2, "md-fake/machines:14: $why",
	    "table: $why");
}
write_file("$top/md-fake/machines", $TABLE =~ s/^gdb.*\n//mr);
says({}, ['fake/box/4'], 2, "md-fake/machines: no 'gdb' record",
    'table: a record is missing');

#
# What took time
#

boot_is($slow{hang}, 1, "FAIL fake cpus=4: hang: no console output for 2 s; " .
    $RUNNING, '...x', 'a hang');
boot_is($slow{loaded}, 0, "PASS fake cpus=4: 8 ok, 0 skipped", '.........',
    'a silence while others have the processors');
boot_is($slow{idle}, 1, "FAIL fake cpus=4: hang: no console output for 2 s; " .
    $RUNNING, '...x', 'a hang on a free machine');
boot_is($slow{spins}, 1, "FAIL fake cpus=4: hang: no console output for 2 s; " .
    $RUNNING, '...x', 'a hang that has the processors');
boot_is($slow{deaf}, 1, "FAIL fake cpus=4: hang: no console output for 2 s; " .
    $RUNNING, '...x', 'a hang, and QEMU ignores SIGTERM');
boot_is($slow{mute}, 1, "FAIL fake: hang: no console output for 2 s; " .
    "nothing was printed", 'x', 'a hang before anything is printed');
boot_is($slow{firmware}, 1, "FAIL fake: hang: no console output for 2 s; " .
    "only firmware text (1 line), no begin marker", 'x', 'a hang in firmware');
boot_is($slow{limit}, 1, "FAIL fake cpus=4: still running after 3 s; " .
    $RUNNING, '...x', 'a run without end');
unlike boot_is($slow{panic}, 1, "FAIL fake cpus=4: panic: stuck (line 6; " .
    "$RUNNING)", '...x', 'a panic that does not end the machine'),
    qr/^# also: /m, 'and is not waited for';
boot_is($slow{ends}, 1, "FAIL fake cpus=4: QEMU had to be ended: box can end " .
    "itself, and did not within 2 s of the end marker", '...x',
    'a machine that should end itself');
like boot_is($slow{stays}, 0, "PASS fake cpus=2: 3 ok, 0 skipped", '....',
    'a machine that stays'),
    qr/^# QEMU had to be ended after the end marker$/m,
    'that it had to be ended is noted';

done_testing();
