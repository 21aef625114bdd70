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

# The cells of the matrix and firmware, with an invented architecture: what is
# wrong with a table or a list is named, what is not here is skipped, firmware
# is typed at, and one that never starts the kernel has a verdict of its own.

use strict;
use warnings;
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use Test::More;

my $tests = "$FindBin::Bin/..";
my $top = tempdir(CLEANUP => 1);
my $bin = "$top/bin";

delete @ENV{qw(QEMU ACCEL UBOOT EDK2 IMAGE KERNELS HARNESS_ACTIVE)};
@ENV{qw(BOOT_SILENCE BOOT_GRACE BOOT_LIMIT)} = (2, 2, 20);
alarm 120;

sub write_file {
	my ($file, $text) = @_;

	open my $fh, '>', $file or die "$file: $!";
	print $fh $text;
	close $fh or die "$file: $!";
	return $file;
}

# Exit status and all that a script prints.
sub run {
	my ($env, $script, @args) = @_;

	local @ENV{keys %$env} = values %$env;
	open my $fh, '-|', '/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', $^X,
	    "$tests/$script", @args or die "sh: $!";
	local $/;
	my $out = <$fh> // '';
	close $fh;
	return ($? >> 8, $out);
}

sub boot {
	my ($play, @args) = @_;

	return run({ QEMU => $bin, PLAY => $play }, 'boot.pl', '--top', $top,
	    '--proc', "$top/none", @args);
}

make_path("$top/md-fake", "$top/obj/fake/mp/EFI/BOOT", "$top/obj/fake/up",
    $bin);
write_file("$top/obj/fake/mp/kernel.bin", "kernel\n");
write_file("$top/obj/fake/mp/EFI/BOOT/BOOT.EFI", "program\n");
my $rom = write_file("$top/u.rom", "rom\n");
chmod 0755, write_file("$bin/qemu-system-fake",
    "#!/bin/sh\neval \"\$PLAY\"\n");
# Firmware is above, so that a mistake in line 7 is one of the matrix.
my $TABLE = <<"END";
qemu	qemu-system-fake
gdb	fake
kernel	kernel.bin
cpu	c1 c2
append	x=1
host	nothing
cpus	1 4
machine	box	8 ends -M box
machine	old	2 ends -M old -cpu %c,+x
default	box
firmware rom $top/u.rom -bios %f -disk %d
firmware none $top/none.rom -bios %f
type	rom	key: go\\r
never	old rom	it has no room
END
write_file("$top/md-fake/machines", $TABLE);

#
# The list
#

my ($status, $out) = run({}, 'cells.pl', '--make', $top);
is $status, 0, 'a list is made';
($status, $out) = run({}, 'cells.pl', $top);
is $status, 0, 'and holds' or diag $out;
like $out, qr/^#   it has no room: old rom$/m, 'why a pair cannot be is said';
like $out, qr/^#   it has at most 2 CPUs: old 4$/m, 'the built-in reasons too';
my @list = do {
	open my $fh, '<', "$top/md-fake/cells" or die;
	<$fh>;
};
# Each line is needed, and none may be added.
for my $line (1 .. $#list) {
	my @less = @list;

	splice @less, $line, 1;
	write_file("$top/md-fake/cells", join '', @less);
	($status, $out) = run({}, 'cells.pl', $top);
	isnt $status, 0, "without line $line";
	like $out, qr/^not ok \d+ - fake: in \d+ cells each pair/m,
	    "a pair does not meet without line $line";
}
write_file("$top/md-fake/cells", join '', @list, "fake/box/4/c2\n");
($status, $out) = run({}, 'cells.pl', $top);
like $out, qr/^not ok \d+ - md-fake\/cells is what the generator makes/m,
    'a list that was not made';
write_file("$top/md-fake/machines", $TABLE =~ s/c1 c2/c1 c2 c3/r);
($status, $out) = run({}, 'cells.pl', $top);
like $out, qr/got: .* with c3/, 'a value that no cell has is named';
write_file("$top/md-fake/machines", $TABLE);
write_file("$top/md-fake/cells", join '', @list[0 .. 5], "fake/box/9\n");
($status, $out) = run({}, 'cells.pl', $top);
like $out, qr{md-fake/cells:7: fake/box takes 1 to 8 CPUs, not '9'},
    'a mistake in line 7 of a list';
my @lines = split /^/, $TABLE;
for my $case (["cpus 1 4x\n", "bad cpus '4x'"],
    ["cpus 1 1\n", "a second '1'"], ["cpus mp\n", "bad cpus 'mp'"],
    ["cpu c1\n", "a second 'c1'"],
    ["cpu uboot up\n", "a second 'up', which is a kernel"],
    ["firmware f\n", "'firmware' takes 3 or more words, not 1"],
    ["type rom a b\n", "no firmware 'rom' above this line"],
    ["sees box 2\n", "no machine 'box' above this line"],
    ["never box 4\n", "'never' takes 3 or more words, not 2"],
    ["never box bix no\n", "'bix' is no value of an axis"],
    ["only box bix no\n", "'bix' is no value of an axis"],
    ["cell box 4 bix\n", "no word 'bix' for fake; there are: "],
    ["cell box 4 up,hook\n", "'up' and 'hook' exclude each other"]) {
	my ($line, $why) = @$case;

	write_file("$top/md-fake/machines", join '', @lines[0 .. 5], $line,
	    @lines[6 .. $#lines]);
	($status, $out) = run({}, 'boot.pl', '--top', $top, 'fake/box/4');
	is $status, 2, "a mistake in line 7, $line";
	like $out, qr{^boot\.pl: md-fake/machines:7: \Q$why\E},
	    'is named with file and line';
}
write_file("$top/md-fake/machines", $TABLE);

#
# What is not here
#

for my $case (['none', qr/no none for fake here, \Q$top\E\/none.rom \(/],
    ['kvm', qr/no usable KVM: this host is /]) {
	($status, $out) = boot('true', "fake/box/4/$case->[0]");
	is $status, 0, "$case->[0]: exit status";
	like $out, qr/\A1\.\.0 # SKIP $case->[1]/, "$case->[0]: skipped";
}
chmod 0755, write_file("$top/qemu-system-fake",
    "#!/bin/sh\necho fake 9.1.0\n");
for my $case (['qemu10', {}, 'no QEMU 10 here, qemu-system-fake is 9.1.0 ' .
	'(./setup --qemu10)'],
    ['clang19', { QEMU => $bin }, 'no clang-19 here (./setup --matrix)']) {
	($status, $out) = run({ PATH => $top, %{$case->[1]} }, 'boot.pl',
	    '--top', $top, "fake/box/4/$case->[0]");
	is "$status $out", "0 1..0 # SKIP $case->[2]\n", "no $case->[0]";
}
($status, $out) = run({ PATH => "$top/none" }, 'boot.pl', '--top', $top,
    'fake/box/4/qemu10');
is "$status $out", "75 boot.pl: no qemu-system-fake in PATH (./setup " .
    "installs it)\n", 'no QEMU at all is no skip';
($status, $out) = run({ QEMU => $bin, ROM => "$top/x" }, 'boot.pl', '--top',
    $top, 'fake/box/4/rom');
is "$status $out", "75 boot.pl: ROM=$top/x: no such file\n",
    'firmware that was asked for and is not there';

#
# Firmware
#

my $GOOD = "==== portkit begin arch=fake cpus=4 ====\n1..1\nok 1 - a\n" .
    "==== portkit end tests=1 failed=0 lines=2 ====\n";
my $good = write_file("$top/good", $GOOD);
($status, $out) = boot("printf '\\033[2J1..7\\nnot ok 1\\nhit a key: '; " .
    "k=`dd bs=3 count=1 2>/dev/null | od -c`; case \$k in *g*o*) cat $good;; " .
    "esac; d=`echo \"\$*\" | sed 's/.*fat:\\([^,]*\\).*/\\1/'`; " .
    "cat \$d/cmdline.txt \$d/EFI/BOOT/BOOT.EFI", 'fake/box/4/rom');
is $status, 0, 'firmware is typed at once it asks' or diag $out;
open my $log, '<', "$top/obj/fake/boot/box-4-rom.log" or die;
is join('', <$log>), "\e[2J1..7\nnot ok 1\nhit a key: ${GOOD}x=1\nprogram\n",
    'and finds command line and program on its disk';
($status, $out) = boot("echo Loading; sleep 60", 'fake/box/4/rom');
is $status, 1, 'firmware that is silent: exit status';
like $out, qr{FAIL fake: rom \(\Q$rom\E\) has not started the kernel in 2 s; its last line: 'Loading'; only firmware text},
    'names it, with its last line';
($status, $out) = boot("while :; do printf '\\033[1mretry\\033[m\\r\\n'; " .
    "sleep 0.2; done", 'fake/box/4/rom');
like $out, qr{FAIL fake: rom \(\S+\) has not started the kernel in 2 s; its last line: 'retry'},
    'firmware that prints for ever is not waited for';
($status, $out) = boot("echo bye", 'fake/box/4/rom');
like $out, qr{rom \(\S+\) ended the machine \(status 0\) and has not started the kernel; its last line: 'bye'},
    'firmware that ends the machine';

done_testing;
