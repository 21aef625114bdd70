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

# What kept tools say of the text of the tree; a line for each complaint, FILE:
# LINE: what.  Arguments are checks, see %check, and files; without files it is
# all that git keeps, without checks all of them.  The static analyser, which
# has to know how a file is compiled, is in mk/kernel.mk.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;

chdir "$FindBin::Bin/.." or die "$FindBin::Bin/..: $!\n";

# Words that codespell takes for others: macros of mdoc, registers, functions.
my $SPELLED = 'nd,fo,ist,extint,isnt,thre';
my $C = qr/\.[ch]\z/;
my @order = qw(text notice format shell perl manual spelling);
my %check = (text => \&text, notice => \&notice, format => \&format_,
    shell => \&shell, perl => \&perl, manual => \&manual,
    spelling => \&spelling);
my $dir = tempdir(CLEANUP => 1);
my $bad = 0;

sub complain { print "@_\n"; $bad++ }

sub slurp {
	my ($file) = @_;

	open my $fh, '<', $file or die "lint: $file: $!\n";
	local $/;
	return scalar <$fh> // '';
}

sub spew {
	my ($file, $text) = @_;

	open my $fh, '>', $file or die "lint: $file: $!\n";
	print $fh $text;
	close $fh or die "lint: $file: $!\n";
}

# What a command says, all of it.
sub said {
	open my $fh, '-|', "@_ 2>&1" or die "lint: $_[0]: $!\n";
	return map { chomp; $_ } <$fh>;
}

sub there {
	my ($tool) = @_;

	return 1 if system("command -v $tool >/dev/null 2>&1") == 0;
	complain("$tool is missing: ./setup --lint");
	return 0;
}

# Files whose first line names an interpreter like this.
sub scripts {
	my ($name, @files) = @_;

	return grep { slurp($_) =~ m{\A#!.*\b$name\b} } @files;
}

# No blanks at the end of a line; one newline at the end of a file; and C
# begins its lines with tabs, then less than a tab of spaces, in 80 columns.
sub text {
	for my $file (@_) {
		my $text = slurp($file);
		my $n = 0;

		next if $text =~ /\0/;
		complain("$file: it does not end with one newline")
		    if $text !~ /\S\n\z/ && $text ne '';
		for my $line (split /\n/, $text) {
			$n++;
			complain("$file:$n: blanks at the end")
			    if $line =~ /[ \t]\z/ && $file !~ m{/(rules|\w+\.mut|
			    mutants)\z}x;
			next if $file !~ /\.[chS]\z/;
			complain("$file:$n: spaces where a tab is meant")
			    if $line =~ /\A\t* {8}/ || $line =~ /\A +\t/;
			1 while $line =~ s/\t/' ' x (8 - $-[0] % 8)/e;
			complain("$file:$n: longer than 80 columns")
			    if length $line > 80;
		}
	}
}

sub notice {
	for my $file (@_) {
		complain("$file: no licence notice")
		    if $file =~ /\.(?:[chS]|pl|pm|t|9|7)\z/ &&
		    substr(slurp($file), 0, 1000) !~ /\bCopyright \(c\) \d+ /;
	}
}

# KNF lines things up by hand and breaks lines where it reads well, which
# clang-format does not.  So what is compared is the text without that:
# one space between two tokens, or none, is asked of both.  What clang-format
# does not understand is left out: macros, and the operands of assembler.
sub tokens {
	my ($text) = @_;

	$text =~ s/^#(?:.*\\\n)*.*$//gm;
	$text =~ s/(?<=[(\[\{])\s*\n\s*//g;
	$text =~ s/\s*\n\s*(?=[\])\}])//g;
	$text =~ s/(?<=["):])\s*:\s*/:/g;
	$text =~ s/"\s+\(/"(/g;
	$text =~ s/\}\s*\*\s*/} */g;
	$text =~ s/[{}]/ $& /g;
	return split ' ', $text;
}

sub format_ {
	return unless there('clang-format');
	for my $file (grep { /$C/ } @_) {
		# Of the skeleton, a name for each that is to be filled in.
		my $ours = slurp($file) =~ s/\@(\w+)\@/$1/gr;

		spew("$dir/a.c", $ours);
		my $theirs = `clang-format $dir/a.c --style=file:.clang-format`;
		spew("$dir/ours", join "\n", tokens($ours), '');
		spew("$dir/theirs", join "\n", tokens($theirs), '');
		my @diff = grep { /^[-+](?![-+][-+])/ }
		    `diff -U0 $dir/ours $dir/theirs`;
		next unless @diff;
		chomp @diff;
		complain("$file: " . join ' ', 'is', (map { /^-(.*)/ }
		    @diff), 'and should be', map { /^\+(.*)/ } @diff);
	}
}

sub shell {
	my @scripts = scripts('sh', @_);

	return if !@scripts || !there('shellcheck');
	complain($_) for said("shellcheck -f gcc @scripts");
}

# Warnings of the compiler.
sub perl {
	for my $file (scripts('perl', @_), grep { /\.pm\z/ } @_) {
		complain($_) for grep { !/ syntax OK$/ }
		    said("$^X -Itests/lib -wc $file");
	}
}

# The pages are read in the tree: .Os says whose they are, and a page that is
# referred to is beside them.
sub manual {
	my @pages = grep { /\.[1-9]\z/ } @_;

	return if !@pages || !there('mandoc');
	for (said("mandoc -T lint -W style @pages")) {
		next if /operating system explicitly specified/;
		next if /referenced manual not found: Xr (\S+) (\d)/ &&
		    -f "port-guide/man/$1.$2";
		complain(s/^mandoc: //r);
	}
}

sub spelling {
	my @files = grep { slurp($_) !~ /\0/ } @_;

	return if !@files || !there('codespell');
	complain($_) for said("codespell -L $SPELLED @files");
}

my (@checks, @files);
for (@ARGV) {
	die "lint: there is no check and no file '$_': @order\n"
	    unless $check{$_} || -f $_;
	push @{$check{$_} ? \@checks : \@files}, $_;
}
@files = grep { -f } split /\0/,
    `git -c safe.directory='*' ls-files -z --cached --others --exclude-standard` unless @files;
die "lint: which files? git knows of none here\n" unless @files;
for my $name (@checks ? @checks : @order) {
	my $before = $bad;

	$check{$name}->(@files);
	print "$name: ", $bad == $before ? 'ok' : $bad - $before, "\n";
}
exit($bad ? 1 : 0);
