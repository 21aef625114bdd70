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

# A distribution's Linux, made ready to be measured:
#
#	linux.pl initrd INIT FILE	packs the only program it runs
#	linux.pl symbols LABELS IMAGE FILE	boots it once, and keeps where
#					its functions are
#
# The package has neither symbols nor an image that anything but a boot
# unpacks; a running kernel prints them, and with nokaslr they stay.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Image;

my $LIMIT = 600;		# seconds of a boot, on a loaded machine

sub stop { die "linux.pl: $_[0]\n" }

sub write_file {
	my ($file, $data) = @_;

	open my $fh, '>:raw', "$file.new" or stop("$file: $!");
	print $fh $data;
	close $fh or stop("$file: $!");
	rename "$file.new", $file or stop("$file: $!");
}

# A cpio archive, "new ASCII": name, mode, major, minor, data of each file.
sub cpio {
	my (@files) = @_;
	my $cpio = '';
	my $ino = 0;

	for (@files, ['TRAILER!!!', 0, 0, 0, '']) {
		my ($name, $mode, $major, $minor, $data) = @$_;

		$cpio .= sprintf('070701' . '%08x' x 13, ++$ino, $mode, 0, 0, 1,
		    0, length $data, 0, 0, $major, $minor, length($name) + 1,
		    0) . "$name\0";
		$cpio .= "\0" x (-length($cpio) & 3) . $data;
		$cpio .= "\0" x (-length($cpio) & 3);
	}
	return $cpio;
}

sub initrd {
	my ($init, $file) = @_;

	open my $fh, '<:raw', $init or stop("$init: $!");
	my $program = do { local $/; <$fh> };
	write_file($file, cpio(
	    (map { [$_, 040755, 0, 0, ''] } qw(dev proc sys)),
	    ['dev/console', 020600, 5, 1, ''],
	    ['init', 0100755, 0, 0, $program]));
}

sub symbols {
	my ($labels, $image, $file) = @_;
	my $l = Image::load($image, $labels);
	my $cell = "$l->{arch}/$l->{cell}[0][1]";
	my $why = Image::run("$file.boot", $LIMIT,
	    Image::command($l, $cell, '-- symbols'));
	my ($symbols, $end) = ('');

	open my $fh, '<', "$file.boot" or stop("$file.boot: $!");
	while (<$fh>) {
		s/\r?\n\z/\n/;
		$symbols .= $_ if /\A[0-9a-f]{16} [tTwW] \S+\n\z/;
		$end = 1 if /\Alinux: end/;
	}
	$why //= 'it did not print them all' unless $end;
	stop("$image: $why; its console is in $file.boot") if defined $why;
	stop("$image: it prints no symbols, see $file.boot")
	    unless $symbols =~ /[1-9a-f]/;
	write_file($file, $symbols);
	unlink "$file.boot";
}

my %commands = (initrd => [\&initrd, 2], symbols => [\&symbols, 3]);
my ($command, @args) = @ARGV;
my $c = $commands{$command // ''};

if (!$c || @args != $c->[1]) {
	print STDERR "usage: linux.pl initrd INIT FILE\n" .
	    "       linux.pl symbols LABELS IMAGE FILE\n";
	exit 2;
}
if (!eval { $c->[0]->(@args); 1 }) {
	print STDERR $@ =~ /\Alinux\.pl/ ? $@ : "linux.pl: $@";
	exit 1;
}
