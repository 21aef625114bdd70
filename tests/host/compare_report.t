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

# The report of "make compare", made from measurements of two architectures
# that do not exist, and from files that are no such measurements: those are
# one line that says what is wrong, and the report that was there stays.
# gnuplot is a script here, but in one test, where there is the real one.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP;
use Test::More;

my $top = "$FindBin::Bin/../..";
my $dir = tempdir(CLEANUP => 1);
my $bin = "$dir/bin";
my $real = $ENV{PATH};
my @MEASURES = qw(insns loads stores atomics barriers taken lines waiting
    firmware);
alarm 120;

sub write_file {
	my ($file, $text) = @_;

	open my $fh, '>:raw', $file or die "$file: $!";
	print $fh $text;
	close $fh or die "$file: $!";
}

sub read_file {
	my ($file) = @_;

	open my $fh, '<:encoding(UTF-8)', $file or return '';
	local $/;
	return scalar(<$fh>) // '';
}

# A measurement.
#
sub counts {
	my ($min, $median, $max) = @_;

	return { map { $_ => { min => $min, median => $median // $min,
	    max => $max // $min } } @MEASURES };
}

sub stage {
	my ($name, @counts) = @_;

	return { name => $name, cpu => $name eq 'post' ? 'sender' : 'target',
	    device => {}, %{counts(@counts)} };
}

sub a_case {
	my ($name, %with) = @_;

	return { name => $name, calls => 300, targets => 1, disturbed => 0,
	    stages => [stage('post', 20), stage('doorbell', 5),
	    stage('vector', 30), stage('dispatch', 10), stage('call', 12),
	    stage('return', 7)], total => counts(84), %with };
}

sub column {
	my ($arch, $controller, %with) = @_;

	return { id => "$arch/board/4", arch => $arch, machine => 'board',
	    controller => $controller, cpus => 4, cpu_model => "$arch-max",
	    qemu => '7.2.0', cflags => '-O2 -mgeneral', icount =>
	    JSON::PP::true, image => 'sha256:' . 'ab' x 32,
	    cases => [a_case('running')], %with };
}

sub measured {
	my ($north, $south) = (column('north', 'BELL'), column('south', 'GONG',
	    cflags => '-O2 -mgeneral -msouth'));

	$north->{cases}[0]{stages}[1]{device}{'BELL_SEND, loud'} = 3;
	$north->{cases}[0]{stages}[2]{loads} =
	    { min => 411, median => 422, max => 433 };
	$north->{cases}[0]{varies} = 'wind & weather';
	$north->{budgets} = [{ what => 'all of it', measured => 72,
	    at_most => 72 }];
	$south->{budgets} = [{ what => 'all of it', measured => 73,
	    at_most => 72 }];
	push @{$south->{cases}}, a_case('yodel', stages =>
	    [stage('post', 1), { %{stage('echo', 2)}, passes => 900 }]);
	$north->{paths}{running} = [{ stage => 'post', pc => 'ff10',
	    function => 'xcall_it', offset => 4, source => 'mi/x.c:304',
	    insn => 'mov <r1>, "r2" & r3' }];
	$south->{state_bytes_per_cpu} = 7654321;
	$south->{scaling} = [map { { n => $_, unicast => { insns => 10 * $_,
	    doorbells => $_ }, multicast => { insns => 25 + 2 * $_,
	    doorbells => 1 } } } 1 .. 5];
	$south->{all_to_one} = [map { { n => $_, insns => 9 * $_ } } 1 .. 5];
	return { schema => 'portkit-compare', version => 1, kind => 'counts',
	    about => { commit => 'c0ffee' x 7, dirty => JSON::PP::true,
	    compiler => 'cc 1.2', linker => 'ld 3.4', date => '2026-01-02',
	    diagnostic => JSON::PP::false }, columns => [$north, $south],
	    skipped => [{ id => 'south/castle/4', reason => 'needs a moat' }] };
}

# Runs.
#
# A gnuplot that draws a polygon in each colour that the script has, or what
# it is told to say.
sub gnuplot_is {
	my ($says) = @_;

	mkdir $bin;
	unlink "$bin/gnuplot";
	$ENV{PATH} = $bin;
	symlink $^X, "$bin/perl" unless -e "$bin/perl";
	for my $sh (grep { -x } '/bin/sh', '/usr/bin/sh') {
		symlink $sh, "$bin/sh" unless -e "$bin/sh";
	}
	return unless defined $says;
	write_file("$bin/gnuplot", "#!$^X\n$says");
	chmod 0755, "$bin/gnuplot";
}

my $DRAWS = <<'END';
print("gnuplot 5.4\n"), exit if $ARGV[0] eq '--version';
open my $fh, '<', $ARGV[0] or die;
my $script = join '', <$fh>;
my %seen;
print qq{<?xml version="1.0"?>\n<svg>\n<g id="gnuplot_canvas">\n};
for (grep { !$seen{$_}++ } $script =~ /\b(65\d{3})\b/g) {
	print "<polygon fill = 'rgb(  1,  ", int($_ / 256) % 256, ', ',
	    $_ % 256, ")' points = '0,0 1,1'/>\n";
}
print "</g>\n</svg>\n";
END

my $run = 0;

# [status, output, what it said of errors, folder]
sub report {
	my ($text, $out) = @_;

	$run++;
	$out //= "$dir/out$run";
	mkdir $out;
	$text = JSON::PP->new->utf8->canonical->encode($text) if ref $text;
	write_file("$dir/in$run.json", $text) if defined $text;
	system("'$^X' '$top/tests/compare/report.pl' '$dir/in$run.json' " .
	    "'$out' >'$dir/stdout' 2>'$dir/stderr'");
	return [$? >> 8, read_file("$dir/stdout"), read_file("$dir/stderr"),
	    $out];
}

sub page_of {
	my ($r) = @_;

	return read_file("$r->[3]/index.html");
}

# The page is long: of it only what is missing, or too much, is shown.
sub has {
	my ($page, $pattern, $name) = @_;

	ok($page =~ $pattern, $name) or diag("nowhere: $pattern");
}

sub has_no {
	my ($page, $pattern, $name) = @_;

	ok($page !~ $pattern, $name) or diag("it has: $&");
}

# Elements that are not closed, or closed and not open.
sub unbalanced {
	my ($html) = @_;
	my @open;

	$html =~ s/<!DOCTYPE[^>]*>|<style>.*?<\/style>//gs;
	while ($html =~ m{<(/?)([a-z0-9]+)\b((?:"[^"]*"|[^">])*?)(/?)>}gi) {
		my ($end, $name, $empty) = ($1, $2, $4);

		next if $empty || $name =~ /\A(?:meta|br|input)\z/;
		push(@open, $name), next unless $end;
		my $was = pop @open // 'nothing';
		return "</$name> after <$was>" if $was ne $name;
	}
	return @open ? "<$open[-1]> is open" : '';
}

gnuplot_is($DRAWS);
my $r = report(measured());
my $page = page_of($r);
is("$r->[0] $r->[1]$r->[2]", '0 ', 'a report, and nothing to say');
is_deeply([map { s{.*/}{}r } glob "$r->[3]/*"],
    [qw(compare.csv index.html)], 'the files, and no others');
is(unbalanced($page), '', 'elements of the page are closed');
has_no($page, qr/<script|<link|\bsrc=|\burl\(|\@import|https?:/,
    'it needs nothing from elsewhere');
has_no($page, qr/HASH\(|ARRAY\(|\bNaN\b/, 'and has no inner parts');

has($page, qr/$_/, "it says $_") for 'north BELL', 'south GONG',
    'c0ffeec0ffee, with changes', 'cc 1\.2', 'ld 3\.4', 'DIAGNOSTIC\s+off',
    'north-max', '7\.2\.0', 'south/castle/4</b>: needs a moat',
    'BELL_SEND, loud &times;3', 'wind &amp; weather', 'yodel', 'echo',
    'target &times;3',
    '>7,654,321<', 'Flags of all: <code>-O2 -mgeneral</code>',
    '<code>-msouth</code>', '422<small>411&#8211;433</small>',
    'mov &lt;r1&gt;, &quot;r2&quot; &amp; r3', 'x\.c:304', 'xcall_it',
    '72 of 72 <b class="met">', '73 of 72 <b class="missed">';
has($page, qr{GONG</td>\n<td>N = 4</td>\n<td>N = 2</td>\n<td class="n">5<},
    'a set wins from N = 4, where 33 are less than 40; in doorbells from 2');
has($page, qr/<polygon style="fill:var\(--s-post\)"/,
    'plots have the colours of the page');
has_no($page, qr/rgb\(/, 'and no others');
has($page, qr/prefers-color-scheme: dark/, 'which has dark ones');
my %defined = map { $_ => 1 } $page =~ /(--[\w-]+):/g;
is(join(' ', grep { !$defined{$_} } $page =~ /var\((--[\w-]+)\)/g), '',
    'each colour is defined');

my $csv = read_file("$r->[3]/compare.csv");
my @csv = split /\n/, $csv;
is($csv[0], 'column,arch,machine,controller,cpus,case,stage,cpu,measure,' .
    'min,median,max', 'the names in the CSV');
is(scalar(grep { !/\A(?:(?:"[^"]*"|[^,]*),){11}[^,]*\z/ } @csv), 0,
    'as many in each line');
my ($north, $south) = ('north/board/4,north,board,BELL,4',
    'south/board/4,south,board,GONG,4');
for my $line ("$north,running,vector,target,loads,411,422,433",
    "$north,running,doorbell,target,\"BELL_SEND, loud\",3,3,3",
    "$south,multicast-5,,,insns,35,35,35",
    "$south,running,total,,insns,84,84,84") {
	is(scalar(grep { $_ eq $line } @csv), 1, "one line $line");
}
is(@csv, 1 + 9 * (7 + 7 + 3) + 2 + 4 * 5 + 5 + 1, 'a line for each count');

my $again = report(measured());
is(page_of($again), $page, 'made again, it is the same');

# What others may have.
#
my $m = measured();
push @{$m->{columns}}, column('west', 'HORN', cases => []),
    column('north', 'BELL', id => 'north/tower/4', machine => 'tower',
    notes => ['target in user mode'],
    budgets => [{ what => 'to the tower', measured => 5, at_most => 6 }]);
$page = page_of(report($m));
has($page, qr/$_/, "more columns: $_") for 'west HORN',
    'north BELL, tower/4', 'target in user mode',
    '<td>to the tower</td>\n<td>5 of 6 ';
is(unbalanced($page), '', 'and elements are closed');
$m = measured();
delete @$_{qw(scaling all_to_one paths budgets)} for @{$m->{columns}};
$r = report($m);
is($r->[0], 0, 'without scaling, paths and budgets');
has_no(page_of($r), qr/id="scaling"|id="path"|Budgets/,
    'and then without their sections');

# Without gnuplot.
#
gnuplot_is(undef);
$r = report(measured());
is($r->[0], 0, 'a report without gnuplot');
is($r->[1], "no gnuplot: index.html has no plots (./setup installs it)\n",
    'which says so in one line');
has(page_of($r), qr/No plot: gnuplot was not found/, 'and in the page');
has_no(page_of($r), qr/<polygon/, 'where no plot is');
is(unbalanced(page_of($r)), '', 'and elements are closed');

SKIP: {
	local $ENV{PATH} = $real;
	skip 'no gnuplot here', 5
	    unless (`gnuplot --version 2>&1` // '') =~ /\Agnuplot/;
	$r = report(measured());
	$page = page_of($r);
	is("$r->[0] $r->[1]$r->[2]", '0 ', 'gnuplot draws');
	is(unbalanced($page), '', 'elements are closed');
	has_no($page, qr/rgb\(|gnuplot_|gpPt|"black"|https?:/,
	    'nothing is left of its own colours and names');
	has($page, qr/<text>dispatch</, 'a stage is named in its bar');
	has($page, qr/<text>72</, 'and the sum of a call stands beside it');
}

# What is no measurement.
#
gnuplot_is($DRAWS);
my $good = report(measured());
my $kept = $good->[3];
my @before = map { read_file("$kept/$_") } qw(compare.csv index.html);

sub refused {
	my ($name, $text, $says) = @_;
	my $r = report($text, $kept);

	is($r->[0], 1, "refused: $name");
	like($r->[2], qr/\Areport\.pl: [^\n]*$says[^\n]*\n\z/,
	    "$name: one line says which");
	is_deeply([map { read_file("$kept/$_") } qw(compare.csv index.html)],
	    \@before, "$name: the report that was there stays");
	is_deeply([grep { /\.part/ && -f } glob "$kept/*"], [],
	    "$name: and nothing half");
}

# With one edit.
sub edited {
	my ($edit) = @_;
	my $m = measured();

	$edit->($m);
	return $m;
}

my $json = JSON::PP->new->utf8->canonical->encode(measured());
refused('another version', edited(sub { $_[0]{version} = 2 }),
    'schema version 2, and this reads 1');
refused('another schema', edited(sub { $_[0]{schema} = 'x' }),
    'not of schema portkit-compare');
refused('no schema', '[]', 'not of schema portkit-compare');
refused('another kind', edited(sub { $_[0]{kind} = 'time' }), 'kind time');
refused('a file cut off', substr($json, 0, length($json) / 2),
    'no JSON, or cut off after \d+ bytes');
refused('an empty file', '', 'no JSON, or cut off after 0 bytes');
refused('no file', undef, 'in\d+\.json: No such file');
refused('no columns', edited(sub { $_[0]{columns} = [] }), 'no columns');
refused('columns that are none', edited(sub { $_[0]{columns} = {} }),
    'columns is no list');
refused("no $_", do { my $key = $_; edited(sub { delete $_[0]{$key} }) },
    "the file has no $_") for qw(version kind about columns skipped);
refused("no $_ of about", do { my $key = $_;
    edited(sub { delete $_[0]{about}{$key} }) }, "about has no $_")
    for qw(commit dirty diagnostic);
refused("no $_ of a column", do { my $key = $_;
    edited(sub { delete $_[0]{columns}[1]{$key} }) },
    "columns\\[1\\] has no $_") for qw(id controller cpus cases image);
refused('no number', edited(sub { $_[0]{columns}[0]{cpus} = 'four' }),
    'columns\[0\]: cpus is no number');
refused('a negative count', edited(sub {
    $_[0]{columns}[0]{cases}[0]{stages}[0]{insns}{min} = -1 }),
    'stages\[0\]\.insns: min is no number of 0 or more');
refused('no count', edited(sub {
    delete $_[0]{columns}[0]{cases}[0]{stages}[2]{taken} }),
    'columns\[0\]\.cases\[0\]\.stages\[2\] has no taken');
refused('counts out of order', edited(sub {
    $_[0]{columns}[0]{cases}[0]{total}{insns}{median} = 9999 }),
    'total\.insns: min, median and max are out of order');
refused('a step without its source', edited(sub {
    delete $_[0]{columns}[0]{paths}{running}[0]{source} }),
    'columns\[0\]\.paths\.running\[0\] has no source');
refused('no sender', edited(sub {
    delete $_[0]{columns}[1]{scaling}[3]{multicast}{insns} }),
    'columns\[1\]\.scaling\[3\]\.multicast has no insns');
mkdir "$kept/index.html.part";
refused('no place to write', measured(), 'index\.html\.part: Is a directory');
rmdir "$kept/index.html.part";
gnuplot_is(q{print("gnuplot 5.4\n"), exit if $ARGV[0] eq '--version';} .
    q{print "line 7: no such terminal\n"; exit 1});
refused('a gnuplot that fails', measured(),
    'gnuplot: line 7: no such terminal');
gnuplot_is("$DRAWS\nexit 1;\n");
refused('a gnuplot that draws and fails', measured(), 'gnuplot: ');

# Nothing of it knows an architecture.
for my $file (qw(compare/report.pl compare/report.css lib/Compare.pm
    lib/Plot.pm)) {
	my @named = grep { read_file("$top/tests/$file") =~ /\Q$_\E/i }
	    map { m{.*md-(\w+)/} } glob "$top/md-*/arch.mk";

	is("@named", '', "$file names no architecture");
}

done_testing();
