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


# The matrix runner, with scripts that play QEMU on an invented architecture:
# each way in which a cell can end, the exit status, what is selected, what
# an interrupted run leaves and goes on with, and the files that it writes.

use strict;
use warnings;
use Fcntl qw(:flock);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use FindBin;
use IO::Select;
use JSON::PP;
use POSIX qw(_exit mkfifo);
use Test::More;

my $dir = tempdir(CLEANUP => 1);
my $top = "$dir/top";
my $out = "$top/obj/matrix";
my ($status, $says, $n);

delete @ENV{qw(QEMU ACCEL CC LD UBOOT EDK2 IMAGE KERNELS MAKEFLAGS MAKELEVEL
    MFLAGS HARNESS_ACTIVE HARNESS_IS_VERBOSE HARNESS_OPTIONS PROVE MAKE)};
@ENV{qw(BOOT_SILENCE BOOT_GRACE BOOT_LIMIT)} = (5, 5, 20);
alarm 300;

sub write_file {
	my ($file, $text) = @_;

	open my $fh, '>:raw', $file or die "$file: $!";
	print $fh $text;
	close $fh or die "$file: $!";
}

sub read_file {
	my ($file) = @_;

	open my $fh, '<:raw', $file or return '';
	local $/;
	return scalar(<$fh>) // '';
}

# matrix.pl in the scratch tree: exit status, and all it says.
sub matrix {
	my (@args) = @_;
	my @words = map { "'$_'" } @args;

	$says = `cd $dir && $^X $top/tests/matrix.pl @words 2>&1`;
	return $status = $? & 127 ? "signal " . ($? & 127) : $? >> 8;
}

# What QEMU does on a machine with so many CPUs.
sub play {
	my ($cpus, $commands) = @_;

	write_file("$dir/play/$cpus", $commands);
}

sub console {
	my ($cpus, $failed, @lines) = @_;

	write_file("$dir/console.$cpus", join '', "==== portkit begin " .
	    "arch=fake cpus=$cpus ====\n", map({ "$_\n" } @lines), sprintf
	    "==== portkit end tests=%d failed=%d lines=%d ====\n",
	    scalar(grep { /^(not )?ok/ } @lines), $failed, scalar @lines);
	return "cat $dir/console.$cpus\n";
}

sub good {
	my ($cpus) = @_;

	return console($cpus, 0, '1..3', 'ok 1 - a.a_one',
	    'ok 2 - a.a_two # SKIP needs 9 CPUs', 'ok 3 - b.b_three');
}

sub bad {
	my ($cpus) = @_;

	return console($cpus, 1, '1..3', 'ok 1 - a.a_one', '# saw <1> & "2"',
	    'not ok 2 - a.a_two', '# X-IPI-1: at line 9', 'ok 3 - b.b_three');
}

sub record {
	my ($cell) = @_;
	my $text = read_file("$out/cells/" . $cell =~ s{/}{_}gr .
	    '/record.json');

	return $text eq '' ? {} : decode_json($text);
}

make_path("$top/md-fake", "$top/tests", "$dir/bin", "$dir/play", map { "$top/obj/fake/$_" }
    qw(mp up));
# A scratch tree has copies: a link would be followed to the tree itself.
system('cp', '-R', (map { "$FindBin::Bin/../$_" } qw(boot.pl matrix.pl lib
    matrix)), "$top/tests") == 0 or die "cp: $?";
write_file("$top/obj/fake/$_/kernel.bin", "kernel\n") for qw(mp up);
write_file("$top/md-fake/machines", <<'END');
qemu	qemu-system-fake
gdb	fake:64
kernel	kernel.bin
cpu	c1
common	-a
machine	box	512 ends  -M box
default	box
END
write_file("$top/md-fake/cells", join '', map { "fake/box/$_\n" } 1 .. 4);
write_file("$top/Makefile", "kernels-fake:\n\t\@echo \$@ >>built\n");
write_file("$dir/bin/qemu-system-fake", <<"END");
#!/bin/sh
[ "\$1" != --version ] || { cat $dir/version; exit; }
echo \$\$ >>$dir/ran
. $dir/play/`echo "\$*" | sed 's/.*-smp \\([0-9]*\\).*/\\1/'`
END
chmod 0755, "$dir/bin/qemu-system-fake";
write_file("$dir/version", "QEMU emulator version 9.9.9\n");
$ENV{PATH} = "$dir/bin:$ENV{PATH}";
play($_, good($_)) for 1 .. 9;

#
# All is well
#

is matrix(), 0, 'all passed' or diag $says;
like $says, qr/^matrix: 4 passed, 0 failed, 0 skipped, 0 not run; 4 cells, /m,
    'and that is said';
like $says, qr{^\[.*\] fake/box/4 \.+ ok }m, 'a line for each cell, by prove';
is read_file("$top/built"), "kernels-fake\n", 'the kernels are built once';
my $r = record('fake/box/2');
is "$r->{status} $r->{verdict}", 'passed PASS fake cpus=2: 2 ok, 1 skipped',
    'the record: verdict';
is $r->{qemu}{version}, 'QEMU emulator version 9.9.9', 'the record: version';
is_deeply [map { [@$_{qw(n name skip line)}, 0 + $_->{ok}] } @{$r->{tests}}],
    [[1, 'a.a_one', undef, 3, 1], [2, 'a.a_two', 'needs 9 CPUs', 4, 1],
    [3, 'b.b_three', undef, 5, 1]], 'the record: tests';
ok $r->{ms}{all} >= $r->{ms}{tests}, 'the record: times';
is read_file("$out/cells/fake_box_2/console.txt"),
    read_file("$dir/console.2"), 'the console is kept';
is system("cd $top && $r->{command} | cmp -s - $dir/console.2"), 0,
    'the command line runs, and is the same machine';
is system("cd $top && $r->{again} >/dev/null"), 0, 'so does the boot again';
matrix('JOBS=1');
unlike $says, qr/resuming/, 'a run that has ended begins anew';

#
# What is selected
#

matrix('LIST=1');
is $says, join('', map { "fake/box/$_\n" } 1 .. 4), 'LIST=1';
matrix('LIST=json', 'CELL=fake/box/2 fake/box/9/up');
my $json = decode_json($says);
is "$json->{schema} $json->{version}", 'portkit-cells 1', 'LIST=json';
is_deeply [map { [@$_{qw(name arch machine cpus smp kernel skip)}] }
    @{$json->{cells}}], [['fake/box/2', qw(fake box 2 2 mp), undef],
    ['fake/box/9/up', qw(fake box 1 9 up), undef]],
    'LIST=json: the cells, also those that are not in the list';
for my $shards (1, 3) {
	my @all = map { matrix('LIST=1', "SHARD=$_/$shards"); split ' ', $says }
	    1 .. $shards;

	is join(' ', sort @all), join(' ', map { "fake/box/$_" } 1 .. 4),
	    "SHARD: $shards of them are the list";
}
matrix('LIST=1', 'SHARD=1/2');
is scalar(() = $says =~ /\n/g), 2, 'SHARD: and share it alike';
is matrix('SHARD=6/6'), 0, 'a part without a cell is well';
for my $case (['SHARD=5/4', "SHARD is i/n, 1/4 to 4/4 for example, not '5/4'"],
    ['SHARD=0/4', "SHARD is i/n, 1/4 to 4/4 for example, not '0/4'"],
    ['SHARD=x', "SHARD is i/n, 1/4 to 4/4 for example, not 'x'"],
    ['ARCH=foo', "no architecture 'foo'; there are: fake"],
    ['CELL=fake/bix/4', "no machine 'bix' for fake; there are: box"],
    ['CELL=fake/box/4 fake/box/999',
	"fake/box takes 1 to 512 CPUs, not '999'"],
    ['JOBS=0', "JOBS is a number, not '0'"],
    ['FRESH=yes', "FRESH is 1 or nothing, not 'yes'"],
    ['LIST=2', "LIST is 1 or json, not '2'"],
    ['OUT=obj/none FAILED=1', undef]) {
	my ($args, $line) = @$case;

	matrix($line ? $args : split ' ', $args);
	is "$status $says", "2 matrix.pl: " . ($line // "FAILED=1: there is " .
	    "no last run in obj/none") . "\n", "usage: $args";
}

#
# Each its own end
#

play(2, bad(2));
play(3, "sed 3q $dir/console.3; kill -9 \$\$\n");
is matrix(), 1, 'one failed, one could not be run: a failure is certain';
like $says, qr/^matrix: 2 passed, 1 failed, 0 skipped, 1 not run; 4 cells, /m,
    'the counts';
like $says, qr{^  failed   fake/box/2: 1 of 3 tests failed: 2 \(a\.a_two\)\n +make kernels-fake && perl tests/boot\.pl --run fake/box/2$}m,
    'the test that failed, and how to see it again';
like $says, qr{^  not run  fake/box/3: QEMU was killed by SIGKILL, from outside \(out of memory\?\); test 2 of 3 was running}m,
    'what could not be run, and why';
is record('fake/box/2')->{tests}[1]{notes}[1], '# X-IPI-1: at line 9',
    'the record has what the kernel said';
my $page = read_file("$out/index.html");
like $page, qr{<h1><b>1 cell of 4 failed</b>}, 'the page: verdict';
like $page, qr{<td class="t bad" title="a\.a: a\.a_two failed"><a href="#fake-box-2-L5">1</a>},
    'the page: a red one goes to the line';
like $page, qr{<span class="at" id="fake-box-2-L5" data-n="5">not ok 2 - a\.a_two<},
    'the page: that is there';
like $page, qr{# saw &lt;1&gt; &amp; &quot;2&quot;}, 'the page: escaped';
unlike $page, qr{(?:src|href)="?(?:https?:)?//}, 'the page: needs no network';
ok index($page, 'fake/box/2') < index($page, 'fake/box/1'),
    'the page: red first';
my $md = read_file("$out/summary.md");
like $md, qr{\A### FAIL: 1 cell of 4 failed\n}, 'the summary: verdict';
like $md, qr{^\| `fake/box/2` \| a\.a\\_two \| `make kernels-fake && perl tests/boot\.pl --run fake/box/2` \|$}m,
    'the summary: the first failure, and how to see it again';

play(2, good(2));
is matrix('FAILED=1'), 75, 'FAILED=1: what could not be run is status 75'
    or diag $says;
unlike $says, qr{^\[.*fake/box/[14] }m, 'FAILED=1: only those';
like $says, qr/^matrix: 3 passed, 0 failed, 0 skipped, 1 not run; 4 cells, /m,
    'FAILED=1: the others count as they were';
play(3, good(3));
is matrix('FAILED=1'), 0, 'FAILED=1: all well at last';
is matrix('FAILED=1'), 0, 'FAILED=1: nothing left';
is $says, "matrix: nothing to run: nothing failed last time\n", 'and said';

play(1, "kill -9 \$PPID\n");
is matrix('CELL=fake/box/1'), 75, 'a runner that was killed';
like $says, qr{^  not run  fake/box/1: no record was left}m, 'has no verdict';
play(1, good(1));
{
	local $ENV{QEMU} = "$dir/none";

	is matrix(), 75, 'no such QEMU';
	like $says, qr{^  not run  fake/box/1: QEMU=$dir/none: no such file}m,
	    'is not passed over';
}
write_file("$top/Makefile", "kernels-fake:\n\t\@false\n");
is matrix(), 1, 'kernels that cannot be built are a failure';
like $says, qr/^matrix\.pl: the kernels cannot be built: make kernels-fake ARCH=fake$/m,
    'and it is said so';
write_file("$top/Makefile", "kernels-fake:\n");

# A disk that takes no more.
play(1, "head -c 200000 /dev/zero | tr '\\0' x; cat $dir/console.1\n");
$says = `cd $dir && trap '' XFSZ; ulimit -f 64; $^X $top/tests/matrix.pl CELL=fake/box/1 2>&1`;
is $? >> 8, 75, 'a full disk is no failure of the kernel';
like $says, qr{^  not run  fake/box/1: cannot write \S+console\.txt: File too large}m,
    'and it is said which file';
play(1, good(1));

SKIP: {
	skip 'no TAP::Formatter::JUnit', 7
	    unless eval { require TAP::Formatter::JUnit };
	play(2, bad(2));
	play(3, "kill -9 \$\$\n");
	matrix('JUNIT=1');
	my $xml = read_file("$out/junit.xml");

	is system("xmllint --noout $out/junit.xml"), 0, 'junit.xml is XML'
	    if `sh -c 'command -v xmllint'`;
	is_deeply [sort $xml =~ /<testsuite name="([^"]*)"/g],
	    [map { "fake/box/$_" } 1 .. 4], 'junit.xml: suites are cells';
	like $xml, qr{<testcase classname="fake/box/1" name="a\.a_two" time="\d+\.\d{3}"><skipped message="needs 9 CPUs"/></testcase>},
	    'junit.xml: skipped is skipped';
	like $xml, qr{<testcase classname="fake/box/2" name="a\.a_two"[^>]*>\s*<failure.*?X-IPI-1: at line 9.*?</failure>}s,
	    'junit.xml: a failure has what the kernel said';
	like $xml, qr{<testsuite name="fake/box/2" tests="4" failures="1" errors="0" skipped="0"},
	    'junit.xml: counts';
	like $xml, qr{<testsuite name="fake/box/3" tests="1" failures="0" errors="1".*?<error message="QEMU was killed by SIGKILL}s,
	    'junit.xml: what could not be run is an error, not a failure';
	is scalar(() = $xml =~ /<error/g), 1, 'junit.xml: and the only one';
	play($_, good($_)) for 2, 3;
}

#
# Interrupted
#

mkfifo("$dir/pipe", 0600) or die "mkfifo: $!";
# The longest is first: 4, 3, 2, 1.
play(2, "exec 3>$dir/pipe; sleep 61 & echo up >&3; wait\n");
for my $signal (qw(INT TERM)) {
	unlink "$dir/ran";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$SIG{INT} = 'DEFAULT';
		open STDOUT, '>', "$dir/said";
		open STDERR, '>&', \*STDOUT;
		exec $^X, "$top/tests/matrix.pl", 'JOBS=1', 'FRESH=1' or _exit(126);
	}
	open my $alive, '<', "$dir/pipe" or die "$dir/pipe: $!";
	is scalar(<$alive>), "up\n", "SIG$signal: the third cell is up";
	kill $signal, $pid;
	waitpid $pid, 0;
	is $? >> 8, { INT => 130, TERM => 143 }->{$signal},
	    "SIG$signal: exit status";
	ok(IO::Select->new($alive)->can_read(10) && !defined <$alive>,
	    "SIG$signal: no process is left");
	like read_file("$dir/said"), qr/^matrix\.pl: stopped by SIG$signal: 2 of 4 done; the same command goes on with the rest$/m,
	    "SIG$signal: what was done";
}
play(2, good(2));
unlink "$dir/ran";
is matrix('JOBS=1'), 0, 'it goes on';
like $says, qr/^matrix: resuming: 2 of 4 done; FRESH=1 starts anew$/m,
    'and says so';
is scalar(() = read_file("$dir/ran") =~ /\n/g), 2, 'with what is missing';
like $says, qr/^matrix: 4 passed, /m, 'and counts all';

# Interrupted once more, and then another kernel is there.
my $state = read_file("$out/state.json");
write_file("$out/state.json", $state =~ s/true/false/r);
write_file("$top/obj/fake/mp/kernel.bin", "another kernel\n");
matrix('JOBS=1');
unlike $says, qr/resuming/, 'what another kernel did does not count';
write_file("$out/state.json", read_file("$out/state.json") =~ s/true/false/r);
write_file("$dir/version", "QEMU emulator version 9.9.10\n");
matrix('JOBS=1');
unlike $says, qr/resuming/, 'nor what another QEMU did';

# Two at once would write over each other.
open my $lock, '>>', "$out/lock" or die;
flock $lock, LOCK_EX or die "flock: $!";
is matrix(), 75, 'a second run in the same folder';
like $says, qr/^matrix\.pl: another matrix runs in obj\/matrix/m, 'is refused';

done_testing();
