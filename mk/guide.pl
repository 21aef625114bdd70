#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# guide.pl FOLDER: the guide for a browser.  mandoc(1) makes the pages.

use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(make_path);

my $MAN = 'port-guide/man';
# What is read first; the rest follows by name.
my @FIRST = qw(xcall-alone.7 porting.7 xcall-mail.7 cpu_xcall.9 md.9);
my @OTHER = qw(port-guide/compare.md port-guide/matrix.md README.md);

my $out = shift // die "usage: guide.pl FOLDER\n";
system('command -v mandoc >/dev/null') == 0
    or die "make guide: no mandoc here; man ./$MAN/porting.7 may do\n";
make_path($out);
copy('port-guide/guide.css', "$out/guide.css") or die "guide.css: $!\n";

sub slurp {
	my ($file) = @_;

	open my $fh, '<', $file or die "make guide: $file: $!\n";
	local $/;
	return scalar <$fh>;
}

sub write_file {
	my ($file, $text) = @_;

	open my $fh, '>', "$out/$file" or die "make guide: $out/$file: $!\n";
	print $fh $text;
	close $fh or die "make guide: $out/$file: $!\n";
}

sub page {
	my ($title, $body) = @_;

	return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n" .
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" " .
	    "content=\"width=device-width\">\n<title>$title</title>\n" .
	    "<link rel=\"stylesheet\" href=\"guide.css\">\n</head>\n" .
	    "<body>\n$body</body>\n</html>\n";
}

sub quoted { return $_[0] =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/>/&gt;/gr }

my %first = map { $_ => 1 } @FIRST;
my @pages = (@FIRST, sort grep { !$first{$_} }
    map { s{.*/}{}r } glob "$MAN/*.[1-9]");
my $list = '';
for my $name (@pages) {
	my $text = slurp("$MAN/$name");
	my ($what) = $text =~ /^\.Nd (.*)/m;
	my $title = $name =~ s/\.(\d)\z/($1)/r;
	my $html = `mandoc -T html -O fragment,toc,man=%N.%S.html $MAN/$name`;

	die "make guide: mandoc does not take $MAN/$name\n" if $?;
	write_file("$name.html", page($title,
	    "<p class=\"up\"><a href=\"index.html\">The guide</a></p>\n$html"));
	$list .= "<dt><a href=\"$name.html\">$title</a></dt>\n" .
	    "<dd>" . quoted($what) . "</dd>\n";
}
my $others = '';
for my $file (@OTHER) {
	my $name = $file =~ s{.*/}{}r;

	write_file("$name.html", page($name,
	    "<p class=\"up\"><a href=\"index.html\">The guide</a></p>\n<pre>" .
	    quoted(slurp($file)) . "</pre>\n"));
	$others .= "<dt><a href=\"$name.html\">$name</a></dt>\n" .
	    "<dd>" . quoted(slurp($file) =~ /^# *(.*)/m ? $1 : '') . "</dd>\n";
}
write_file('index.html', page('portkit: the guide',
    "<h1>portkit: the guide</h1>\n" .
    "<p>With a kernel, begin with the first page; without one, with the " .
    "second.</p>\n" .
    "<dl class=\"index\">\n$list</dl>\n<h2>Beside it</h2>\n" .
    "<dl class=\"index\">\n$others</dl>\n"));
print "$out/index.html\n";
