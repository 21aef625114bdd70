#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# What the pages of the guide, port-guide/man/*.7, say of the kit is so: files,
# functions, targets of make, stages and their clauses, sizes, what the console
# shows.  (Clauses in the text are looked at by tests/contract.pl, which reads
# port-guide too.)  The kernel of xcall-alone(7) is built from what it says to
# copy, in an empty folder.

use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Stages;
use Test::More;

my $TOP = "$FindBin::Bin/../..";
chdir $TOP or die "$TOP: $!\n";
chomp($TOP = `pwd`);
my @PAGES = sort glob 'port-guide/man/*.7';
my @PORTS = map { m{md-(.*)/} } sort grep {
	m{md-(.*)/} && !Stages::partial($1)
} glob 'md-*/arch.mk';

sub slurp {
	my ($file) = @_;

	open my $fh, '<', $file or die "$file: $!\n";
	local $/;
	return scalar <$fh>;
}

# The words of the arguments of a macro: "Fn a , b Ta" -> a b.
sub words { return grep { !/\A[,.;:()|]+\z/ } split ' ', $_[0] }

my @sources = grep { -f } glob 'mi/*/*.[ch] md-*/*.[chS] md-*/*/*.[chS]
    md-*/include/machine/*.h port-guide/skeleton/*.[chS]
    port-guide/skeleton/*/*/*.h tests/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch]
    tests/lib/*.pm';
my %text = map { $_ => slurp($_) } @sources;

# Is it a function, a macro or a label of this file?
sub has {
	my ($file, $name) = @_;
	my $text = $text{$file} // (-f $file ? slurp($file) : '');

	return $text =~ /\b\Q$name\E\(|^(?:#\s*define\s+)?\Q$name\E\b(?:[:\s])/m ||
	    $text =~ /ENTRY\(\Q$name\E\)/;
}

my %anywhere;
for my $text (values %text) {
	$anywhere{$_} = 1 for $text =~ /\b(\w+)\(/g, $text =~ /^(\w+):/mg,
	    $text =~ /^#\s*define\s+(\w+)/mg;
}

my $makefiles = join "\n", map { slurp($_) } 'Makefile', glob 'mk/*.mk';
sub target {
	my ($name) = @_;

	return $makefiles =~ /^(?:[\w.%\$()-]+ )*\Q$name\E(?: [\w-]+)*:/m;
}

# Formats that are printed, as patterns.
my @formats;
for my $file (grep { m{^(?:mi|md-|tests/suite)} } @sources) {
	while ($text{$file} =~ /\b(?:printf|panic|suite_line)\(\s*
	    ((?:"(?:[^"\\]|\\.)*"\s*)+)/gx) {
		my $f = join '', $1 =~ /"((?:[^"\\]|\\.)*)"/g;

		$f =~ s/\\n//g;
		$f = quotemeta $f;
		$f =~ s/\\%(?:\\[-#.]|[-#.0-9])*(?:l|z)*[a-z]/.*/g;
		push @formats, $f if $f =~ /\w{2}/;
	}
}
my $format = join '|', @formats;

#
# Everything that pages mention
#
my $bad;

sub mentions {
	my ($page, $text) = @_;
	my ($console, @columns, $n);

	$bad = '';

	for my $line (split /\n/, $text) {
		$n++;
		# What begins a display of the console says so.
		$console = 1 if $line =~ /^\.\\" console/;
		$console = 0 if $line =~ /^\.Ed/;
		next if $line =~ /^\.\\"/;
		if ($console && $line !~ /^\.Bd/) {
			(my $said = $line) =~ s/^\s*(?:\\&)?//;
			$bad .= "$page:$n: nothing prints: $said\n"
			    unless $said =~ /^(?:\.\.\.)?\z/ ||
			    $said =~ /^1\.\.\d+\z/ ||
			    ($said =~ /^ok \d+ - (\w+)\.(\w+)\z/ ?
			    slurp("tests/$1/list.h") =~ /^XTEST\($2,/m :
			    $said =~ /^(?:$format)+\z/);
			next;
		}
		@columns = $line =~ /Ta Em (md-\w+)/g
		    if $line =~ /^\.It Em file Ta/;
		@columns = () if $line =~ /^\.El/;
		if (@columns && $line =~ /^\.It Pa (\S+) Ta (.*)/) {
			my ($file, @cells) = ($1, split / ?Ta /, $2);

			for my $i (0 .. $#columns) {
				row($page, $n, "$columns[$i]/$file", $cells[$i]);
			}
			next;
		}
		next unless $line =~ /^\./;
		for my $at ($line =~ /(?:^\.(?:It )?|\s)Pa (\S+)/g) {
			my @where = $at =~ m{^md-X(.*)} ?
			    map { "md-$_$1" } @PORTS : $at;

			for my $w (grep { !m{^obj/} } @where) {
				$bad .= "$page:$n: no file $w\n"
				    unless grep { -e } glob $w;
			}
		}
		if ($line =~ /^\.(?:It )?(?:Xo )?(?:Fn|Fo) (.*)/) {
			$bad .= "$page:$n: no function $_\n" for grep {
				/^\w/ && !$anywhere{$_} } (words($1))[0];
		}
		if ($line =~ /^\.[DQ]l/) {
			$bad .= "$page:$n: no target of make: $_\n"
			    for grep { !target($_) }
			    $line =~ /\bmake ([a-z][\w-]*)/g;
		}
		while ($line =~ m{\./setup(?: (--\w+))?}g) {
			my $option = $1 // next;

			$bad .= "$page:$n: setup has no $option\n"
			    if slurp('setup') !~ /\Q$option\E\b/;
		}
	}
	return $bad;
}

is join('', map { mentions($_, slurp($_)) } @PAGES), '',
    'files, functions, targets and messages are there';

# A file in a table, and what is said of it in one port: its size, about, or
# functions that it has.
sub row {
	my ($page, $n, $file, $cell) = @_;

	$cell //= '';
	return if $cell =~ /^(?:-|\\\(em)?\z/;
	if (!-f $file) {
		$bad .= "$page:$n: no file $file\n";
	} elsif ($cell !~ /\D/) {
		my $lines = slurp($file) =~ tr/\n//;
		my $off = abs($lines - $cell);

		$bad .= "$page:$n: $file has $lines lines, not about $cell\n"
		    if $off > 20 && $off * 100 > 15 * $lines;
	} else {
		$bad .= "$page:$n: $file has no $_\n" for grep {
			!has($file, $_) } grep { $_ ne 'Fn' } words($cell);
	}
}

# And it would be seen if one were not.
my %mistake = (
    ".Pa mi/xcall/xcal.c\n" => 'no file mi/xcall/xcal.c',
    ".It Pa md-X/locore.s\n" => "no file md-$PORTS[0]/locore.s",
    ".Fn cpu_xcal ,\n" => 'no function cpu_xcal',
    ".Ql make chek ARCH=X\n" => 'no target of make: chek',
    ".Ql ./setup --al\n" => 'setup has no --al',
    ".It Em file Ta Em md-$PORTS[0]\n.It Pa ipi.c Ta cpu_stopp\n" =>
	"md-$PORTS[0]/ipi.c has no cpu_stopp",
    ".It Em file Ta Em md-$PORTS[0]\n.It Pa ipi.c Ta 9999\n" =>
	'not about 9999',
    ".\\\" console\n.Bd\nok 1 - xcall.run_pair\n.Ed\n" =>
	'nothing prints: ok 1 - xcall.run_pair',
    ".\\\" console\n.Bd\nmemories: none\n.Ed\n" =>
	'nothing prints: memories: none',
);
for my $text (sort keys %mistake) {
	like mentions('a page', $text), qr/^a page:\d+: .*\Q$mistake{$text}\E$/m,
	    "is seen: $mistake{$text}";
}

#
# porting(7): the stages, each in its place and with its clauses
#
SKIP: {
	my $page = 'port-guide/man/porting.7';

	skip "there is no $page", 2 unless -f $page;
	my $text = slurp($page);
	my @told = $text =~ /^\.Ss Stage ([a-z-]+: .*)$/mg;

	is_deeply \@told, [map { "$_->{name}: $_->{what}" }
	    Stages::stages()], 'the stages of port-guide/stages, in order';
	$bad = '';
	for my $stage (Stages::stages()) {
		my ($of) = $text =~
		    /^\.Ss Stage \Q$stage->{name}\E: .*?\n(.*?)(?=^\.S[sh] )/ms;
		my ($line) = ($of // '') =~ /^Clauses:\n(.*?)\.$/ms;
		my $is = join ' ', ($line // '') =~ /((?:[A-Z]+-)+\d+)/g;

		$bad .= "$stage->{name}: '$is' is not " .
		    "'@{$stage->{clauses}}'\n"
		    if $is ne "@{$stage->{clauses}}";
	}
	is $bad, '', 'and their clauses';
}

#
# xcall-alone(7): copied, built and run
#
my $page = slurp('port-guide/man/xcall-alone.7');
my ($copy) = $page =~ /^\.Ss What to copy\n(.*?)^\.El/ms;
my $dir = tempdir(CLEANUP => 1);
for my $file (map { glob } ($copy =~ /^\.It Pa (\S+)/mg),
    'tests/host/xcall/*.[ch]') {
	my ($to) = $file =~ m{(.*)/};

	make_path("$dir/$to");
	copy($file, "$dir/$file") or die "$file: $!\n";
}
my ($build, $run) = $page =~ /^(cc .*?[^\\e])\n\\&(\.\/xcall .*?)\n/ms;
$build =~ s/\\e\n/\\\n/g;
my $quoted = slurp('tests/host/xcall/kernel.c') =~
    /^ \*\t(cc (?:.*\\\n)*.*)$/m ? $1 =~ s/^ \*\t//mgr : '';
is $build =~ s/\s+/ /gr, $quoted =~ s/\s+/ /gr,
    'the line is that of the example';
my $cc = $ENV{CC} || 'clang';
my $said = `cd '$dir' && exec 2>&1; ${\($build =~ s/^cc/$cc/r)} && \\
    timeout 120 $run run_ >out; echo status \$?; tail -1 out`;
like $said, qr/^status 0\n==== portkit end tests=\d+ failed=0 /m,
    'it builds of what is to be copied, and runs' or diag $said;

#
# It can be made
#
SKIP: {
	skip 'no mandoc here', 1 if system('command -v mandoc >/dev/null');
	my @made = `$^X mk/guide.pl '$dir/guide' 2>&1`;
	my @dead;

	for my $file (glob "$dir/guide/*.html") {
		push @dead, map { $file =~ s{.*/}{}r . " links to $_" } grep {
			!/^https?:/ && !-f "$dir/guide/$_" } map { s/#.*//r }
			grep { !/^#/ } slurp($file) =~ /href="([^"]*)"/g;
	}
	is join("", $made[-1], @dead), "$dir/guide/index.html\n",
	    'the guide can be made, and its links lead somewhere';
}

done_testing;
