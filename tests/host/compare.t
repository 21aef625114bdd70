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


# The runner of "make compare": what it is given wrongly is one line that says
# what, and no report; and what changed against a base is said stage by stage.
# The architecture is an invented one, in a scratch tree; its QEMU is a script
# that plays what the plugin would have written.

# proves comparer bad-input: POINT-1
# proves comparer base: POINT-1

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP;
use Test::More;

my $top = abs_path("$FindBin::Bin/../..");
my $dir = tempdir(CLEANUP => 1);
my $tree = "$dir/tree";
my $mp = "$tree/obj/fake/mp";
my $out = "$tree/obj/compare";
alarm 120;
delete @ENV{qw(QEMU ACCEL HARNESS_ACTIVE HARNESS_IS_VERBOSE)};

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

# A kernel with a symbol and these points.
sub elf {
	my (@points) = @_;
	my ($data, $names, @headers) = ('', "\0");
	my $add = sub {
		my ($name, $text) = @_;

		push @headers, pack 'L< L< Q<4 x24', length $names, 1, 0, 0,
		    64 + length $data, length $text;
		$names .= "$name\0";
		$data .= $text;
	};

	$add->('.strtab', "\0cpu_xcall\0");
	$add->('.symtab', pack 'L< C C S< Q< Q<', 1, 2, 0, 1, 0x1000, 64);
	$add->('.md_points', pack '(Q< Z*)*', map { @$_ } @points) if @points;
	$names .= ".shstrtab\0";
	$data .= $names;
	push @headers, pack 'L< L< Q<4 x24', length($names) - 10, 3, 0, 0,
	    64 + length($data) - length $names, length $names;
	return pack('a4 C C x34 Q< x10 S< S< S<', "\x7fELF", 2, 1,
	    64 + length $data, 64, scalar @headers, $#headers) . $data .
	    join '', @headers;
}

my @POINTS = ([0x1000, 'post'], [0x1010, 'doorbell'], [0x1020, '@sent']);
my $RAN = <<'END';
case 300 0 running
ran 1 1 1 calls
stage post sender 300
count 30 30 30 insns
count 7 7 9 lines
stage doorbell sender 300
count 2 2 2 insns
count 1 1 1 BELL write
stage vector target 300
count 12 12 12 insns
total 44 44 44 insns
total 7 7 9 lines
window 300 BELL write
path post 1000 push r1
path doorbell 1010 jump 0x00001020, 0xc0000000

complete 1
END

make_path($mp, "$tree/md-fake/proof", "$tree/obj/plugin", "$dir/bin",
    "$tree/mk");
# A folder of its own: scripts find their tree by it.
mkdir "$tree/tests";
for my $file (glob "$top/tests/*") {
	symlink $file, "$tree/tests/" . $file =~ s{.*/}{}r or die "$file: $!";
}
write_file("$tree/obj/plugin/count-$_.so", '') for 1, 4;
write_file("$mp/kernel.map", "1000 1000 100 16 obj/fake/mp/a.o:(.text)\n");
write_file("$mp/flags", "-O2 -DDIAGNOSTIC\n");
write_file("$mp/image", 'an image');
write_file("$mp/compile_commands.json", encode_json([{ file =>
    'mi/xcall/xcall.c', command => "printf -- '->size 64\\n' # -c x" }]));
write_file("$tree/md-fake/machines", <<'END');
qemu	qemu-system-fake
gdb	fake
kernel	image
cpu	old
common	-x
append	a
machine	box 4 ends -M box
default	box
boot	box 4
END
write_file("$tree/md-fake/proof/witness", <<'END');
{ controllers => { bell => { trace => ['bell'],
    events => [[send => qr/\Abell rung/]] } } }
END
write_file("$tree/md-fake/proof/compare", <<'END');
{ columns => [{ cell => 'box/4', controller => 'BELL', witness => 'bell' }],
    check => [{ cell => 'box/2', controller => 'BELL', witness => 'bell' }],
    send => ['BELL write'], class => [], reg => [], dev => [] }
END
write_file("$dir/bin/qemu-system-fake", <<"END");
#!$^X
print("QEMU emulator version \$ENV{FAKE_VERSION}\\n"), exit
    if "\@ARGV" eq '--version';
my (\$out) = "\@ARGV" =~ /out=([^, ]+)/;
my (\$log) = "\@ARGV" =~ /-D (\\S+)/;
my (\$cpus) = "\@ARGV" =~ /-smp (\\d+)/;
print(STDERR "\$ENV{FAKE_REFUSES}\\n"), exit 1 if \$ENV{FAKE_REFUSES};
open my \$to, '>', \$out or die "\$out: \$!";
print \$to \$ENV{FAKE_OUT};
open \$to, '>', \$log or die "\$log: \$!";
print \$to "\\\@case running\\n", "bell rung\\n" x \$ENV{FAKE_RUNG},
    "\\\@end running\\n";
print "==== portkit begin arch=fake cpus=\$cpus ====\\n1..1\\nok 1 - a\\n",
    "==== portkit end tests=1 failed=0 lines=2 ====\\n";
END
chmod 0755, "$dir/bin/qemu-system-fake";
@ENV{qw(QEMU FAKE_VERSION FAKE_OUT FAKE_RUNG)} =
    ("$dir/bin", '7.2.0', $RAN, 300);

# Status, output, what is said of errors; how things are is put back then.
sub compare {
	my (@args) = @_;

	system("cd '$dir' && '$^X' '$tree/tests/compare.pl' @args " .
	    ">'$dir/stdout' 2>'$dir/stderr'");
	return ($? >> 8, map { read_file("$dir/$_") } qw(stdout stderr));
}

sub reports { return join ' ', map { s{.*/}{}r }
    grep { -f } glob "$out/*.json* $out/*.csv* $out/*.html*" }

sub refused {
	my ($name, $says, @args) = @_;
	my $before = join "\0", map { read_file($_) } glob "$out/*.*";
	my ($status, undef, $err) = compare(@args);

	isnt($status, 0, "bad-input $name: it fails");
	like($err, qr/\Acompare\.pl: [^\n]*$says[^\n]*\n\z/,
	    "bad-input $name: one line says which");
	is(join("\0", map { read_file($_) } glob "$out/*.*"), $before,
	    "bad-input $name: the report is what it was");
}

write_file("$mp/kernel.elf", elf());
refused('no labels', 'kernel\.elf has no labels: no section \.md_points');
write_file("$mp/kernel.elf", elf(@POINTS));
is(reports(), '', 'there was no report');

my ($status, $said, $err) = compare();
is("$status $err", '0 ', 'what is good is measured');
like($said, qr/^post +30$/m, 'and shown');
like(reports(), qr/\bcompare\.json\b/, 'and kept');
my $base = "$dir/base.json";
write_file($base, read_file("$out/compare.json"));
($status, $said, $err) = compare('CASE=running');
is("$status $err", '0 ', 'and its path is shown:');
like($said, qr/^cpu_xcall:\n +\+0  push r1\n/m, 'an instruction');
like($said, qr/^-- doorbell: .*: 1\ncpu_xcall:\n +\+10  jump \+20, 0xc0000000$/m,
    'where it jumps to');

# What the plugin wrote.
for my $bad (
    ['order', qr/\ncase .*/s => "\nfailed label \"pend\" at 0x1000 out of " .
	"order: in stage none, case running\n",
	'label "pend" at 0x1000 out of order: in stage none, case running'],
    ['cut', qr/complete 1\n/ => '', 'cut off: the emulator ended before'],
    ['cut in a case', qr/stage vector.*/s => '', 'cut off'],
    ['another number of cases', qr/complete 1/ => 'complete 2', 'cut off'],
    ['nothing of cases', qr/\A.*(?=complete)/s => '', 'cut off'],
    ['no case', qr/\A.*complete 1/s => 'complete 0', 'no case: the kernel']) {
	my ($name, $from, $to, $says) = @$bad;

	local $ENV{FAKE_OUT} = "\n$RAN" =~ s/$from/$to/r;
	refused($name, $says);
}
{
	local $ENV{FAKE_RUNG} = 299;
	refused('trace', "case running: the plugin has seen 'send' 300 " .
	    'times, the device trace has it 299 times');
}
{
	local $ENV{FAKE_VERSION} = '10.0.0';
	local $ENV{FAKE_REFUSES} = 'qemu-system-fake: Could not load plugin ' .
	    'obj/plugin/count-4.so: undefined symbol: x';
	refused('plugin', 'fake/box/4 did not run: obj/plugin/count-4\.so is ' .
	    'built for plugin API 4, and QEMU 10\.0\.0 does not take it: ' .
	    'undefined symbol: x');
}
{
	local $ENV{FAKE_VERSION} = '9.1.0';
	refused('no plugin', 'nothing can be run: no plugin is built for ' .
	    'QEMU 9');
}
{
	local $ENV{FAKE_REFUSES} = 'qemu-system-fake: no memory';
	refused('no run', 'fake/box/4 did not run: QEMU does not start: ' .
	    'qemu-system-fake: no memory; its console is in ');
}

# What it is asked.
refused("CASE", 'CASE=walking: no such path; there are: .*running',
    'CASE=walking');
refused("SCALE", 'SCALE=huge: there is full, or none', 'SCALE=huge');
refused("BOUND", 'BOUND=-1: no number', 'BOUND=-1');
refused("ARCH", "no architecture 'none'; there are: fake", 'ARCH=none');
refused("a word", "what is 'all'", 'all');
refused("BASE of nothing", 'BASE=gone\.json is neither a file nor a commit',
    'BASE=gone.json');
refused("BASE a folder", 'is neither a file nor a commit', "BASE=$dir");

sub base_with {
	my ($edit) = @_;
	my $json = decode_json(read_file($base));

	$edit->($json);
	write_file("$dir/other.json", encode_json($json));
	return "BASE=$dir/other.json";
}

refused('another version', 'other\.json: schema version 2, and this reads 1',
    base_with(sub { $_[0]{version} = 2 }));
refused('another schema', 'other\.json: not of schema portkit-compare',
    base_with(sub { $_[0]{schema} = 'x' }));
refused('another kind', "other\\.json: kind 'time', not counts",
    base_with(sub { $_[0]{kind} = 'time' }));
write_file("$dir/other.json", substr read_file($base), 0, 700);
refused('half a JSON', 'no JSON, or cut off after 700 bytes',
    "BASE=$dir/other.json");

# Against a base.
sub against {
	my ($status, $like, $base, @args) = @_;
	my ($is, $said, $err) = compare($base, @args);

	is("$is $err", "$status ", "base: exits with $status");
	$said =~ s/\A.*^Against //ms;
	like($said, $_, 'base: and says it') for @$like;
}

against(0, [qr/^1 of 1 measurements are the same; 0 take/m], "BASE=$base");
my $shorter = base_with(sub {
	my ($case) = @{$_[0]{columns}[0]{cases}};
	my ($post, $bell) = @{$case->{stages}};

	$post->{insns} = { min => 26, median => 26, max => 26 };
	$post->{lines} = { min => 7, median => 7, max => 7 };
	$bell->{device} = { 'OLD write' => 1 };
	$case->{total}{insns} = { min => 40, median => 40, max => 40 };
	$_[0]{columns}[0]{qemu} = '6.0';
	push @{$_[0]{columns}[0]{cases}}, { %$case, name => 'gone' };
});
my @changes = (qr/^fake\/box\/4 running: \+4 instructions/m,
    qr/^    post +instructions 26 -> 30 \(\+4\), cache lines 7 -> 7 \(7-9\) \(\+2\)$/m,
    qr/^    doorbell +BELL write 0 -> 1, OLD write 1 -> 0$/m,
    qr/^fake\/box\/4: qemu 6\.0 -> 7\.2\.0$/m,
    qr/^fake\/box\/4 gone: only in the base$/m);
against(1, [@changes, qr/\+4 instructions, more than BOUND=0$/m,
    qr/^0 of 1 measurements are the same; 1 take more than BOUND=0/m],
    $shorter);
against(1, [qr/more than BOUND=3$/m], $shorter, 'BOUND=3');
against(0, [@changes, qr/^0 of 1 measurements are the same; 0 take/m],
    $shorter, 'BOUND=4');
against(1, [qr/^    post +instructions 26 -> 30/m], $shorter, 'CASE=running');
against(0, [qr/^fake\/box\/4 running: -5 instructions$/m],
    base_with(sub { $_[0]{columns}[0]{cases}[0]{total}{insns} =
    { min => 49, median => 49, max => 49 };
    $_[0]{columns}[0]{cases}[0]{stages}[2]{insns}{max} = 17;
    $_[0]{columns}[0]{cases}[0]{stages}[2]{insns}{median} = 17; }));

# Against a commit, whose "make compare" this one's variables do not reach.
SKIP: {
	skip 'no git', 12 if system('git --version >/dev/null 2>&1') != 0;
	my $git = "cd '$tree' && git -c user.name=a -c user.email=a\@b";
	my ($was) = base_with(sub {
		$_[0]{columns}[0]{cases}[0]{total}{insns}{$_} = 30
		    for qw(min median);
		$_[0]{columns}[0]{cases}[0]{stages}[0]{insns}{$_} = 16
		    for qw(min median);
	}) =~ /BASE=(.*)/;

	@ENV{qw(GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM)} = ('/dev/null', 1);
	write_file("$tree/Makefile", "all:\n");
	write_file("$tree/.gitignore", "obj/\n");
	system("$git init -q . && git add Makefile .gitignore && " .
	    "$git commit -qm one");
	write_file("$tree/Makefile", "compare:\n\ttest -z '\$(BASE)'\n" .
	    "\tmkdir -p obj/compare\n\tcp '$was' obj/compare/compare.json\n");
	write_file("$tree/mk/compare.mk", '');
	system("$git add Makefile mk && $git commit -qm two");
	write_file("$tree/Makefile", "compare:\n\tfalse\n");
	system("$git commit -qam three");
	local $ENV{MAKEFLAGS} = ' -- BASE=HEAD~1';
	against(1, [qr/^    post +instructions 16 \(16-30\) -> 30 \(\+14\)$/m],
	    'BASE=HEAD~1');
	refused('a commit without it', "BASE=HEAD~2: that commit has no " .
	    "`make compare'", 'BASE=HEAD~2');
	refused('a commit that fails', "BASE=HEAD: its `make compare' fails",
	    'BASE=HEAD');
	refused('no commit', 'BASE=--all is neither a file nor a commit',
	    'BASE=--all');
}
done_testing();
