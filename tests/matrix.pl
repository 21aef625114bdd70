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


# The matrix runner behind "make matrix": boots many cells, a bounded number at
# once, and keeps of each what is worth keeping.  prove runs them and says how
# each went; boot.pl boots and judges a single one, and leaves a record.  What
# was booted, and whether it passed, is read from the records alone, and a
# cell without one has not passed.
#
# An interrupted run leaves no process behind and goes on with what is missing,
# as long as neither kernels nor tools have changed.

use strict;
use warnings;
use Digest::SHA;
use Fcntl qw(LOCK_EX LOCK_NB);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use FindBin;
use IO::Handle;
use IO::Select;
use JSON::PP;
use List::Util qw(first max sum0 uniq);
use POSIX qw(setpgid WNOHANG);
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/lib";
use Machines;

my $USAGE = <<'END';
usage: matrix.pl [NAME=VALUE ...]

Boots every cell of the matrix that this machine can boot; results go to
obj/matrix.  NAME is

  ARCH    only the cells of this architecture
  CELL    these cells instead, in the matrix or not; blanks between them
  SHARD   i/n: the i-th of n parts, of about the same length
  FAILED  1: again what failed or could not be run last time
  FRESH   1: from the beginning, where an interrupted run would go on
  LIST    1: name the cells and boot nothing; json: all there is to know
  JOBS    as many cells at once (2)
  JUNIT   1: not without junit.xml, which needs TAP::Formatter::JUnit
  OUT     another folder than obj/matrix; relative to the top of the tree

  QEMU, ACCEL, CC, LD, and what else boot.pl and make take, are handed on.

Exit status: 0 all passed, or were skipped, which the summary tells; 1 a test
failed; 2 wrong usage; 75 some could not be run, and none failed.
END

use constant { FAILED => 1, USAGE => 2, NOT_RUN => 75 };
my $LIMIT = 1800;		# seconds; a hang is seen long before
my $JSON = JSON::PP->new->ascii->canonical->pretty;
my @NAMES = qw(ARCH CELL SHARD FAILED FRESH LIST JOBS JUNIT OUT);
my %opt;
my $group;			# the process group that works for us
my $signalled;

# Problems travel as [exit status, line].
sub stop {
	my ($status, $line) = @_;

	die [$status, $line];
}

sub main {
	my (@cells, $plan, $state, @todo, $begun);

	options(@ARGV);
	chdir dirname($FindBin::Bin) or die "cannot find the top of the tree: $!\n";
	$SIG{$_} = sub { $signalled //= $_[0] } for qw(HUP INT TERM);
	STDOUT->autoflush;
	$state = read_state();
	@cells = selected($state);
	return list(@cells) if $opt{LIST};
	if (!@cells) {
		print "matrix: nothing to run: ", $opt{FAILED} ?
		    "nothing failed last time" : "no cell in this part", "\n";
		return 0;
	}
	need_junit() if $opt{JUNIT};
	my $lock = lock_out();

	build(plan(@cells));
	$plan = plan(@cells);
	@todo = begin($state, $plan);
	$begun = time;
	prove(@todo);
	finish();
	return report($plan, time - $begun, @todo);
}

sub options {
	my $vars = join '|', @NAMES;

	for my $arg (@_) {
		if ($arg =~ /\A(?:-h|--help)\z/) {
			print $USAGE;
			exit 0;
		}
		my ($name, $value) = $arg =~ /\A([A-Z][A-Z0-9]*)=(.*)\z/s or
		    stop(USAGE, "'$arg' is not NAME=VALUE; see " .
		    "matrix.pl --help");
		if ($name =~ /\A(?:$vars)\z/) {
			$opt{$name} = $value if $value ne '';
		} elsif ($name =~ /\A(?:QEMU|ACCEL|CC|LD|UBOOT|EDK2|IMAGE|KERNELS)\z/) {
			$ENV{$name} = $value if $value ne '';
		} else {
			stop(USAGE, "no setting '$name'; there are: @NAMES, " .
			    "and those of boot.pl");
		}
	}
	for my $name (qw(FAILED FRESH JUNIT)) {
		stop(USAGE, "$name is 1 or nothing, not '$opt{$name}'")
		    if ($opt{$name} // 1) ne '1';
	}
	stop(USAGE, "LIST is 1 or json, not '$opt{LIST}'")
	    unless ($opt{LIST} // 1) =~ /\A(?:1|json)\z/;
	$opt{JOBS} //= 2;
	stop(USAGE, "JOBS is a number, not '$opt{JOBS}'")
	    unless $opt{JOBS} =~ /\A[1-9]\d{0,2}\z/;
	stop(USAGE, "SHARD is i/n, 1/4 to 4/4 for example, not '$opt{SHARD}'")
	    if defined $opt{SHARD} && !($opt{SHARD} =~ m{\A(\d+)/(\d+)\z} &&
	    $1 >= 1 && $1 <= $2 && $2 <= 999);
	stop(USAGE, "FAILED=1 and CELL= exclude each other")
	    if $opt{FAILED} && defined $opt{CELL};
	$opt{OUT} //= 'obj/matrix';
}

#
# Which cells
#

# What boot.pl says, or its complaint.
sub boot_pl {
	my (@args) = @_;

	open my $fh, '-|', shell($^X, "$FindBin::Bin/boot.pl", @args) . ' 2>&1'
	    or die "sh: $!\n";
	local $/;
	my $says = <$fh> // '';
	close $fh;
	return $says if $? == 0;
	stop($? >> 8, $says =~ /\Aboot\.pl: (.*)/ ? $1 :
	    "boot.pl ended with status " . ($? >> 8));
}

sub shell {
	return join ' ', map {
		m{\A[\w\@%+=:,./-]+\z} ? $_ : "'" . s/'/'\\''/gr . "'"
	} @_;
}

sub selected {
	my ($state) = @_;
	my @cells;

	boot_pl('--list', $opt{ARCH}) if defined $opt{ARCH};

	if (defined $opt{CELL}) {
		my @named = uniq split ' ', $opt{CELL};

		@cells = grep { !defined $opt{ARCH} || m{\A\Q$opt{ARCH}\E/} }
		    uniq map { $_->{cell} } @{plan(@named)};
	} elsif ($opt{FAILED}) {
		stop(USAGE, "FAILED=1: there is no last run in $opt{OUT}")
		    unless $state;
		@cells = grep { !defined $opt{ARCH} || m{\A\Q$opt{ARCH}\E/} }
		    grep { !good(record($_)) } map { $_->{cell} }
		    @{$state->{cells}};
	} else {
		eval { @cells = map { $_->{name} } map {
		    Machines::cells('.', $_) } $opt{ARCH} //
		    Machines::arches('.'); 1 } or stop(USAGE, $@ =~ s/\n\z//r);
	}
	return shard(@cells);
}

# What each cell is, by boot.pl.
sub plan {
	return [] unless @_;
	return $JSON->decode(boot_pl('--plan', @_));
}

# About how long a cell takes, from what its name says.
sub seconds {
	my ($p) = @_;
	my ($a, $smp) = ($p->{axes}, $p->{axes}{smp} =~ /\A(\d+)/);
	my $s = $a->{tests} eq 'sweep' ? 8 : $a->{kernel} eq 'hook' ? 3 :
	    $a->{cpus} == 1 ? 2 : $a->{cpus} == 2 ? 6 : 14;

	return $s + $smp / 4 + ($a->{firmware} eq 'direct' ? 0 : 5);
}

# The longest first, each to the part that has least: the same everywhere.
sub shard {
	my (@cells) = @_;
	my ($i, $n) = split m{/}, $opt{SHARD} // return @cells;
	my %seconds = map { $_->{cell} => seconds($_) } @{plan(@cells)};
	my @has = (0) x $n;
	my %in;

	for my $cell (sort { $seconds{$b} <=> $seconds{$a} || $a cmp $b }
	    @cells) {
		my $to = first { $has[$_] == (sort { $a <=> $b } @has)[0] }
		    0 .. $#has;

		$has[$to] += $seconds{$cell};
		$in{$cell} = $to + 1;
	}
	return grep { $in{$_} == $i } @cells;
}

sub list {
	my (@cells) = @_;

	if ($opt{LIST} eq 'json') {
		print $JSON->encode({ schema => 'portkit-cells', version => 1,
		    cells => [map { { %{$_->{axes}}, name => $_->{cell},
			arch => $_->{arch}, skip => $_->{skip} } }
			@{plan(@cells)}] });
	} else {
		print map { "$_\n" } @cells;
	}
	return 0;
}

#
# The folder of results
#

sub folder { return "$opt{OUT}/cells/" . $_[0] =~ s{/}{_}gr }

sub slurp {
	my ($file) = @_;

	open my $fh, '<:raw', $file or return undef;
	local $/;
	return scalar <$fh>;
}

sub write_file {
	my ($file, $text) = @_;

	open my $fh, '>:raw', "$file.new" or
	    stop(NOT_RUN, "cannot write $file.new: $!");
	print $fh $text and close $fh and rename "$file.new", $file or
	    stop(NOT_RUN, "cannot write $file: $!");
}

sub read_json {
	my ($file) = @_;
	my $text = slurp($file) // return undef;

	return eval { $JSON->decode($text) };
}

sub record { return read_json(folder($_[0]) . '/record.json') }

# Passed, or not for this machine.
sub good {
	my ($r) = @_;

	return $r && $r->{status} =~ /\A(?:passed|skipped)\z/;
}

sub read_state { return read_json("$opt{OUT}/state.json") }

sub make_folder {
	make_path($_[0], { error => \my $error });
	stop(NOT_RUN, "cannot make $_[0]: " . (values %{$error->[0]})[0])
	    if @$error;
}

sub lock_out {
	make_folder($opt{OUT});
	open my $lock, '>>', "$opt{OUT}/lock" or
	    stop(NOT_RUN, "cannot write $opt{OUT}/lock: $!");
	flock $lock, LOCK_EX | LOCK_NB or stop(NOT_RUN,
	    "another matrix runs in $opt{OUT}; OUT= names another folder");
	return $lock;
}

# What makes a run of this cell what it is: the command, every file that it
# names, the version of QEMU, and the scripts.
my %digest;
sub key {
	my ($p) = @_;
	my @words = @{$p->{command} // []};
	my $sha = Digest::SHA->new(256);

	$sha->add(join "\0", $p->{cell}, @words, $p->{skip} // '',
	    $p->{infra} // '');
	for my $file (@{$p->{files}}, grep { -f } map { split /[=,:]/ } @words) {
		$sha->add($digest{$file} //= digest($file));
	}
	for my $script (map { glob "\Q$FindBin::Bin\E/$_" }
	    qw(boot.pl lib/Machines.pm lib/Verdict.pm)) {
		$sha->add($digest{$script} //= digest($script));
	}
	$sha->add($digest{"-$p->{qemu}"} //= `\Q$p->{qemu}\E --version`)
	    if defined $p->{qemu};
	return $sha->hexdigest;
}

sub digest {
	my ($file) = @_;

	return eval { Digest::SHA->new(256)->addfile($file, 'b')->hexdigest } //
	    'none';
}

# Begin a run, or go on with one; returns the cells to be booted.
sub begin {
	my ($old, $plan) = @_;
	my @cells = map { { cell => $_->{cell}, key => key($_) } } @$plan;
	my (%old, @kept, @todo);

	%old = map { $_->{cell} => $_->{key} } @{$old->{cells}} if $old;
	if ($opt{FAILED}) {
		my %again = map { $_->{cell} => 1 } @cells;

		@todo = @cells;
		push @cells, grep { !$again{$_->{cell}} } @{$old->{cells}};
	} elsif ($old && !$old->{complete} && !$opt{FRESH} &&
	    join(' ', sort keys %old) eq
	    join(' ', sort map { $_->{cell} } @cells)) {
		for my $c (@cells) {
			my $r = record($c->{cell});

			push @{$r && $r->{status} ne 'infra' &&
			    $old{$c->{cell}} eq $c->{key} ? \@kept : \@todo}, $c;
		}
		printf "matrix: resuming: %d of %d done; FRESH=1 starts " .
		    "anew\n", scalar @kept, scalar @cells if @kept;
	} else {
		remove_tree("$opt{OUT}/cells");
		@todo = @cells;
	}
	remove_tree(folder($_->{cell})) for @todo;
	make_folder("$opt{OUT}/cells");
	write_state(\@cells, 0);
	return longest_first($plan, map { $_->{cell} } @todo);
}

sub write_state {
	my ($cells, $complete) = @_;

	write_file("$opt{OUT}/state.json", $JSON->encode({ cells => $cells,
	    complete => $complete ? JSON::PP::true : JSON::PP::false }));
}

sub finish { write_state(read_state()->{cells}, 1) }

sub longest_first {
	my ($plan, @cells) = @_;
	my %seconds = map { $_->{cell} =>
	    defined $_->{skip} ? 0 : seconds($_) } @$plan;

	return sort { $seconds{$b} <=> $seconds{$a} || $a cmp $b } @cells;
}

#
# Processes
#

# Run a command in a process group of its own, to the end or until we are
# asked to stop.  Whatever descends from it holds a pipe open: there is nobody
# left when that is closed.
sub work {
	my (@command) = @_;
	my $status;

	pipe my $alive, my $hold or die "pipe: $!\n";
	defined(my $pid = fork) or stop(NOT_RUN, "fork: $!");
	if ($pid == 0) {
		$SIG{$_} = 'DEFAULT' for qw(HUP INT TERM);
		setpgid(0, 0);
		close $alive;
		fcntl $hold, Fcntl::F_SETFD, 0;
		{ no warnings 'exec'; exec { $command[0] } @command; }
		print STDERR "matrix.pl: cannot run $command[0]: $!\n";
		POSIX::_exit(NOT_RUN);
	}
	setpgid($pid, $pid);
	$group = $pid;
	close $hold;
	until (defined $signalled) {
		if (waitpid($pid, WNOHANG) == $pid) {
			$status = $?;
			last;
		}
		sleep 0.05;
	}
	if (!defined $status) {
		kill 'TERM', -$pid;
		IO::Select->new($alive)->can_read(20) or kill 'KILL', -$pid;
		waitpid $pid, 0;
	}
	$group = undef;
	stopped() if defined $signalled;
	return $status & 127 ? 128 + ($status & 127) : $status >> 8;
}

sub stopped {
	my $state = read_state();
	my @cells = map { $_->{cell} } @{$state->{cells} // []};
	my %number = (HUP => 1, INT => 2, TERM => 15);

	print STDERR "\nmatrix.pl: stopped by SIG$signalled";
	printf STDERR ": %d of %d done; the same command goes on with the rest",
	    scalar(grep { record($_) } @cells), scalar @cells
	    if $state && !$state->{complete};
	print STDERR "\n";
	exit 128 + $number{$signalled};
}

# The kernels of these cells, by make.  CC= and LD= replace the compilers that
# cells name, and their kernels have a folder of their own.
sub build {
	my ($plan) = @_;
	my @build = grep { !defined $_->{skip} && !defined $_->{infra} } @$plan;
	my %set = map { $_ => $ENV{$_} } grep { ($ENV{$_} // '') ne '' } qw(CC LD);
	my @arches = uniq map { $_->{arch} } @build;
	my @targets = uniq map { $_->{make} } @build;
	my $make = $ENV{MAKE} || 'make';
	my ($status, @say);

	return if !@build || grep { ($ENV{$_} // '') ne '' } qw(IMAGE KERNELS);
	if (%set) {
		@targets = map { "kernels-$_" } @arches;
		$set{KERNELS} = $ENV{KERNELS} = 'obj/cc';
	}
	$set{ARCH} = $arches[0] if @arches == 1;
	@say = ($make, @targets, map { "$_=$set{$_}" } sort keys %set);
	print "matrix: @say\n";
	delete local @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS CC LD)};
	# What it compiles is of no interest; what it complains of is.
	$status = work('sh', '-c', 'exec "$@" >' . "'$opt{OUT}/build.log'", 'sh',
	    $say[0], '--no-print-directory', @say[1 .. $#say]);
	stop($status == 127 ? NOT_RUN : FAILED,
	    "the kernels cannot be built: @say") if $status;
}

sub prove {
	my (@cells) = @_;
	my $status;

	return unless @cells;
	$ENV{MATRIX_OUT} = $opt{OUT};
	$status = work($ENV{PROVE} || 'prove', '--timer', "-j$opt{JOBS}",
	    '--exec', shell($^X, "$FindBin::Bin/matrix.pl", '--cell'), @cells);
	stop(NOT_RUN, "prove could not be run")
	    if $status == NOT_RUN && !grep { record($_) } @cells;
}

# One cell, as prove sees it: what boot.pl prints, kept in a file as well.
sub cell {
	my ($cell) = @_;
	my ($status, $tap);

	$opt{OUT} = $ENV{MATRIX_OUT};
	my $dir = folder($cell);
	$SIG{$_} = sub { } for qw(HUP INT TERM PIPE);	# boot.pl's to obey
	eval {
		make_folder($dir);
		open $tap, '>:raw', "$dir/tap" or
		    stop(NOT_RUN, "cannot write $dir/tap: $!");
		1;
	} or do {
		print "# $cell: NOT RUN: $@->[1]\n";
		return NOT_RUN;
	};
	STDOUT->autoflush;
	# It need not tell on standard error what the record has.
	$ENV{HARNESS_IS_VERBOSE} = 1;
	open my $from, '-|', shell($^X, "$FindBin::Bin/boot.pl", '--limit',
	    $LIMIT, '--record', "$dir/record.json", '--log', "$dir/console.txt",
	    $cell) . " 2>'$dir/stderr'" or die "sh: $!\n";
	my $say = sub { print @_; print $tap @_ };
	$say->($_) while <$from>;
	close $from;
	$status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	$say->(map { "# $_\n" } split /\n/, slurp("$dir/stderr") // '');
	unlink "$dir/stderr";
	if (!close $tap) {
		print "# $cell: NOT RUN: cannot write $dir/tap: $!\n";
		unlink "$dir/record.json";
		return NOT_RUN;
	}
	return $status;
}

#
# What came of it
#

sub need_junit {
	eval { require TAP::Formatter::JUnit; 1 } or stop(NOT_RUN,
	    "JUNIT=1: TAP::Formatter::JUnit is not installed (./setup --matrix)");
}

# The records of all cells of the run; where there is none, one is made that
# says so.
sub records {
	my @records;

	for my $c (@{read_state()->{cells}}) {
		my $r = record($c->{cell});

		if (!$r) {
			my ($why) = (slurp(folder($c->{cell}) . '/tap') // '')
			    =~ /.*^# (?:boot\.pl: )?(.*)$/ms;

			$r = { cell => $c->{cell}, status => 'infra',
			    schema => 'portkit-boot', version => 1,
			    arch => $c->{cell} =~ s{/.*}{}r, tests => [],
			    again => "perl tests/boot.pl --run $c->{cell}",
			    verdict => 'no record was left' .
				(defined $why ? ": $why" : '') };
			make_folder(folder($c->{cell}));
			write_file(folder($c->{cell}) . '/record.json',
			    $JSON->encode($r));
		}
		push @records, $r;
	}
	return @records;
}

sub report {
	my ($plan, $seconds, @ran) = @_;
	my @records = records();
	my %by;

	push @{$by{$_->{status}}}, $_ for @records;
	my $n = sub { return scalar @{$by{$_[0]} // []} };
	my $status = $n->('failed') ? FAILED : $n->('infra') ? NOT_RUN : 0;

	printf "\nmatrix: %d passed, %d failed, %d skipped, %d not run",
	    map { $n->($_) } qw(passed failed skipped infra);
	printf "; %d %s, %s\n", scalar @records,
	    @records == 1 ? 'cell' : 'cells', duration($seconds);
	for my $r (@{$by{failed} // []}) {
		print "  failed   $r->{cell}: ", $r->{verdict} =~
		    s/\AFAIL [^:]*: //r, "\n           $r->{again}\n";
	}
	print "  not run  $_->{cell}: $_->{verdict}\n" for @{$by{infra} // []};
	print "  skipped  $_->{cell}: $_->{verdict}\n" for @{$by{skipped} // []};
	my $made = work($^X, "$FindBin::Bin/matrix/report.pl", $opt{OUT});
	return $made ? $status == FAILED ? FAILED : NOT_RUN : $status;
}

sub duration {
	my ($s) = @_;

	return $s < 60 ? "$s s" : sprintf '%d min %d s', $s / 60, $s % 60;
}

# Whatever happens, nobody works on.
END {
	my $status = $?;

	kill 'TERM', -$group if $group;
	$? = $status;
}

exit cell($ARGV[1]) if @ARGV == 2 && $ARGV[0] eq '--cell';
my $status = eval { main() };
if (!defined $status) {
	die $@ unless ref $@;
	print STDERR "matrix.pl: $@->[1]\n";
	$status = $@->[0];
}
exit $status;
