# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# The stages of a port, port-guide/stages, and the files of its folder,
# port-guide/skeleton/files; what is not written yet.

package Stages;

use strict;
use warnings;

my $STAGES = 'port-guide/stages';
my $FILES = 'port-guide/skeleton/files';
my $CLAUSE = qr/(?:[A-Z]+-)+\d+/;

# In order: { name, cpus, what, clauses }.
sub stages {
	my (@stages, %seen);

	open my $fh, '<', $STAGES or die "$STAGES: $!\n";
	while (<$fh>) {
		next if /\A\s*(?:#|\z)/;
		if (/\Astage\s+([a-z-]+)\s+(\d+)\s+(\S.*?)\s*\z/) {
			push @stages, { name => $1, cpus => $2, what => $3,
			    clauses => [] };
		} elsif (@stages &&
		    /\Aclause((?:\s+$CLAUSE)+)\s*\z/) {
			for my $c (split ' ', $1) {
				die "$STAGES:$.: $c is in a stage already\n"
				    if $seen{$c}++;
				push @{$stages[-1]{clauses}}, $c;
			}
		} else {
			die "$STAGES:$.: neither 'stage NAME CPUS what' nor " .
			    "'clause NAME ...'\n";
		}
	}
	return @stages;
}

# Names of clauses that are other names: "CPU-1 [x] X-CPU-2." in md.h.
sub aliases {
	open my $fh, '<', 'mi/include/md.h' or die "mi/include/md.h: $!\n";
	return map { /\b($CLAUSE) \[x\] (X-$CLAUSE)\./ ? ($1, $2) : () } <$fh>;
}

# For the kernel: perl -MStages -e Stages::header.
sub header {
	my @stages = stages();
	my %alias = aliases();

	print "/* Made of $STAGES. */\n";
	print "static const char *const stage_names[] = {\n";
	print "\t\"$_->{name}\",\n" for @stages;
	print "};\n\nstatic const struct {\n\tconst char *c_name;\n" .
	    "\tunsigned int c_stage;\n} stage_clauses[] = {\n";
	for my $i (0 .. $#stages) {
		my %here = map { $_ => 1 } @{$stages[$i]{clauses}};

		print "\t{ \"$_\", $i },\n" for @{$stages[$i]{clauses}},
		    grep { $here{$alias{$_}} } sort keys %alias;
	}
	print "};\n";
}

# { file, stage, what, skeleton }: what every folder has; the skeleton has
# those for which there is something to say before their stage.
sub files {
	my %stage = map { $_->{name} => 1 } stages();
	my @files;

	open my $fh, '<', $FILES or die "$FILES: $!\n";
	while (<$fh>) {
		next if /\A\s*(?:#|\z)/;
		my ($file, $later, $stage, $what) =
		    /\A(\S+?)(\+?)\s+([a-z-]+)\s+(\S.*?)\s*\z/;

		die "$FILES:$.: not 'file stage what is in it'\n"
		    unless defined $stage && $stage{$stage};
		push @files, { file => $file, stage => $stage,
		    what => $what, skeleton => $later eq '' };
	}
	return @files;
}

# What a folder has still to write: { file, line, func, clause, stage, holds }.
# The clause is '' where a comment says it all; `holds' is whether the kernel
# panics there.
# Is it under way?  The last that it writes, it removes this.
sub partial { return -e "md-$_[0]/include/machine/stub.h" }

sub stubs { return stubs_in("md-$_[0]") }
sub skeleton_stubs { return stubs_in('port-guide/skeleton') }

sub stubs_in {
	my ($dir) = @_;
	my @stubs;

	for my $file (glob "$dir/*.[chS] $dir/*/*.[chS] $dir/*/*/*.[chS]") {
		my $func = '';

		next if $file =~ m{/stub\.h\z};
		open my $fh, '<', $file or die "$file: $!\n";
		while (<$fh>) {
			$func = $1 if /^(\w+)\(/;
			my ($how, $c, $s) =
			    /\bMD_(STUB|LATER)\("($CLAUSE)", "([a-z-]+)"\)/;
			($how, $c, $s, $func) = ('STUB', $1 // '', $2, '')
			    if !$how &&
			    /\bMD_STUB:\s.*?($CLAUSE)?,?\s*stage\s([a-z-]+)/;
			push @stubs, { file => $file, line => $., func => $func,
			    clause => $c, stage => $s, holds => $how eq 'STUB' }
			    if $how;
		}
	}
	return @stubs;
}

1;
