#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# port.pl NAME: makes md-NAME of port-guide/skeleton, @ARCH@ being the name and
# @TARGET@ what clang calls it, where clang has one.
# port.pl --check NAME...: has each of these folders every file of the form?

use strict;
use warnings;
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::Bin/../tests/lib";
use Stages;

my $SKELETON = 'port-guide/skeleton';

chdir "$FindBin::Bin/.." or die "cannot find the top of the tree: $!\n";
if (@ARGV && $ARGV[0] eq '--check') {
	shift @ARGV;
	exit(check(@ARGV));
}
port(@ARGV);

sub fail { print STDERR "make port: $_[0]\n"; exit 2 }

sub slurp {
	my ($file) = @_;

	open my $fh, '<', $file or fail("$file: $!");
	local $/;
	return scalar <$fh>;
}

sub port {
	my ($arch) = @_;
	my $clang = $ENV{CC} || 'clang';
	my (@from, %have);

	fail('ARCH= the name of the new architecture, riscv64 for example')
	    if !defined $arch || $arch eq '';
	fail("ARCH=$arch: a name is of small letters, digits and _, a letter " .
	    'first, 16 at most: it becomes part of names in C')
	    if $arch !~ /\A[a-z][a-z0-9_]{0,15}\z/;
	fail("md-$arch is there already; nothing was changed")
	    if -e "md-$arch";
	find({ no_chdir => 1, wanted => sub {
		push @from, $_ =~ s{\A\Q$SKELETON/\E}{}r if -f;
	} }, $SKELETON);
	$have{$_} = 1 for @from;
	for my $f (Stages::files()) {
		fail("$SKELETON/$f->{file} is missing, which " .
		    "$SKELETON/files names") if $f->{skeleton} &&
		    !$have{$f->{file}};
	}
	my $target = `'$clang' --target=$arch-none-elf -E -x c /dev/null 2>&1`;
	$target = $? == 0 ? "$arch-none-elf" : '';
	for my $file (sort grep { $_ ne 'files' } @from) {
		my $text = slurp("$SKELETON/$file");

		$text =~ s/\@ARCH\@/$arch/g;
		$text =~ s/\@TARGET\@/$target/g;
		make_path(dirname("md-$arch/$file"));
		open my $fh, '>', "md-$arch/$file" or
		    fail("md-$arch/$file: $!");
		print $fh $text;
		close $fh or fail("md-$arch/$file: $!");
	}
	print "md-$arch is made: ", @from - 1, " files, in each what is to be ",
	    "written.\n";
	print "clang knows no $arch: say in md-$arch/arch.mk what TARGET is.\n"
	    if $target eq '';
	print "What comes next: make status ARCH=$arch; the way: porting(7), ",
	    "port-guide/man/porting.7.\n";
}

# A port that is under way need not have what later stages ask for.
sub check {
	my $bad = 0;

	for my $arch (@_) {
		for my $f (Stages::files()) {
			next if -e "md-$arch/$f->{file}";
			next if Stages::partial($arch) && !$f->{skeleton};
			print STDERR "md-$arch/$f->{file} is missing: " .
			    "$f->{what}; every md- folder has it " .
			    "($SKELETON/files)\n";
			$bad = 2;
		}
	}
	return $bad;
}
