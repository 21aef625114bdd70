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

# The boot runner: starts one kernel on one emulated machine, a "cell", reads
# its console as it comes and judges it with the code of verdict.pl.  What it
# knows of architectures it reads from md-*/machines.  For prove it prints
# the guest's tests and one of its own, that the run ended as it should, so
# that a run which went wrong cannot be green whatever the guest printed.
# It must never leave an emulator behind, nor believe an exit status alone.
#
# proves boot -: BOOT-1 MEM-1 END-1 CONS-1 PARAM-1 X-DIAG-1

use strict;
use warnings;
use Config;
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use File::Spec;
use FindBin;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use List::Util qw(max min sum uniq);
use POSIX qw(setpgid WNOHANG);
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);
use lib "$FindBin::Bin/lib";
use Machines;
use Verdict;

my $USAGE = <<'END';
usage: boot.pl [options] ARCH/MACHINE/CPUS[/WORD,...]
       boot.pl --run [options] ARCH[/MACHINE[/CPUS[/WORD,...]]] ...
       boot.pl --print | --debug [options] ARCH[/MACHINE[/CPUS[/WORD,...]]]
       boot.pl --list [ARCH]
       boot.pl --plan ARCH/MACHINE/CPUS[/WORD,...] ...

Boots one cell and prints TAP.  An empty MACHINE is the default one of the
architecture, an empty CPUS is 4.  A WORD is a CPU model or a firmware of
md-ARCH/machines, or

  up             the uniprocessor kernel
  hook           the kernel with tests that act at its points, POINT-1
  dirty          the interrupt controller as something else has left it
  permute        CPUs numbered in another order than the hardware has them
  sweep          the tests that let an interrupt come at every instruction
  single         one host thread for all CPUs
  icount         that, and time is counted instructions
  kvm            no emulation
  qemu7, qemu10  that QEMU: in PATH, or in obj/qemu10/bin
  clang14, clang19  the kernel made by it, obj/clang19/ARCH

  --run          show the consoles as they are, then a line of verdict each
  --print        print the QEMU command line, to be copied
  --debug        start the machine stopped, with a debugger
  --list         print the cells of `make check', one a line
  --plan         print as JSON what would be run, for matrix.pl
  --record FILE  write what ran and how it went to FILE, as JSON
  --log FILE     the console goes there (obj/ARCH/boot/...)
  --append S     add S to the kernel's command line
  --qemu S       add S, one word, to QEMU's command line
  --silence S    a machine silent for S seconds hangs (45; BOOT_SILENCE);
		 those in which others had the processors count less
  --limit S      no run takes longer than S seconds (600; BOOT_LIMIT)
  --grace S      time to exit after the end marker (10; BOOT_GRACE)
  --top DIR      the tree with md-*/ and obj/ (this one)
  --proc DIR     where Linux says who had the processors (/proc)

QEMU=  another QEMU, whatever the cell says: its file, or its directory
UBOOT=, EDK2= and the like: another file of that firmware
IMAGE= another kernel, or with firmware that has a disk, another disk
KERNELS=  obj, or the like: its kernels, whatever compiler the cell says
ACCEL= another accelerator than tcg
A cell that is not for this machine is skipped: what it names is not here.
Exit status: 0 passed or skipped, 1 failed, 2 wrong usage, 75 could not be
run, or not to its end: QEMU is missing or unfit, or was killed, or a disk is
full.
END

use constant { FAILED => 1, USAGE => 2, NOT_RUN => 75 };
my $MAX_CONSOLE = 16 << 20;	# a guest that prints more runs away
my $PANIC_SILENCE = 3;		# a panic is over when nothing comes for this
my $STAYS_SILENCE = 1;		# likewise a run on a machine that stays
my $LEAST = 1 / 8;		# of a second, that counts however loaded

# What a user sets in the environment.
my @SETTINGS = qw(QEMU ACCEL UBOOT EDK2 IMAGE KERNELS);

my %opt = (top => dirname($FindBin::Bin), append => [], qemu => [],
    proc => '/proc', silence => $ENV{BOOT_SILENCE} // 45, limit => $ENV{BOOT_LIMIT} // 600,
    grace => $ENV{BOOT_GRACE} // 10);
my $qemu;			# the one that runs
my %record;			# what --record writes
my $signalled;			# the name of the signal that stops us

# Problems travel as [exit status, line].
sub stop {
	my ($status, $line) = @_;

	die [$status, $line];
}

# So does a cell that this machine cannot run.
sub skip {
	my ($reason) = @_;

	die [0, $reason];
}

sub main {
	my @cells = options(@ARGV);
	my $mode = $opt{mode} // 'tap';

	return list(@cells) if $mode eq 'list';
	stop(USAGE, "--record and --log are of one cell's TAP")
	    if $mode ne 'tap' && grep { defined } @opt{qw(record log)};
	stop(USAGE, "no cell named; see boot.pl --help") if @cells == 0;
	stop(USAGE, "one cell at a time; see boot.pl --help")
	    if @cells > 1 && $mode !~ m{\A(?:run|print|plan)\z};
	@cells = map { cell($_) } @cells;
	return plan(@cells) if $mode eq 'plan';
	for my $sig (qw(HUP INT TERM PIPE)) {
		$SIG{$sig} = sub { $signalled //= $sig }
		    unless ($SIG{$sig} // '') eq 'IGNORE';	# as by nohup
	}
	$SIG{CHLD} = 'DEFAULT';
	if (defined $opt{record}) {
		require JSON::PP;
		$record{cell} = $cells[0];
	}
	$_->{log} = $opt{log} // $_->{log} for @cells;
	return print_command(@cells) if $mode eq 'print';
	return debug(@cells) if $mode eq 'debug';
	return run(@cells) if $mode eq 'run';
	return tap(@cells);
}

#
# What is asked for
#

sub options {
	my @args = @_;
	my @rest;

	while (defined(my $arg = shift @args)) {
		if ($arg =~ /\A--(list|plan|print|debug|run)\z/) {
			stop(USAGE, "--$1 and --$opt{mode} exclude each other")
			    if $opt{mode} && $opt{mode} ne $1;
			$opt{mode} = $1;
		} elsif ($arg =~ /\A--(append|qemu|silence|limit|grace|top|proc|
		    record|log)(?:=(.*))?\z/xs) {
			my $value = $2 // shift @args //
			    stop(USAGE, "--$1 needs a value");
			ref $opt{$1} ? push @{$opt{$1}}, $value :
			    ($opt{$1} = $value);
		} elsif ($arg =~ /\A(?:-h|--help)\z/) {
			print $USAGE;
			exit 0;
		} elsif ($arg =~ /\A-/) {
			stop(USAGE, "no option '$arg'; see boot.pl --help");
		} else {
			push @rest, $arg;
		}
	}
	for my $name (qw(silence limit grace)) {
		stop(USAGE, "$name is a number of seconds, not '$opt{$name}'")
		    unless $opt{$name} =~ /\A\d+(?:\.\d+)?\z/ &&
		    $opt{$name} > 0;
	}
	return @rest;
}

sub table {
	my ($arch) = @_;
	my @arches = Machines::all($opt{top});
	my $table;

	stop(USAGE, "no architecture '$arch'; there are: @arches")
	    unless grep { $_ eq $arch } @arches;
	eval { $table = Machines::load($opt{top}, $arch); 1 } or
	    stop(USAGE, $@ =~ s/\n\z//r);
	return $table;
}

sub list {
	my @arches = @_ ? @_ : Machines::arches($opt{top});

	print map { "$_\n" } map { @{table($_)->{boot}} } @arches;
	return 0;
}

# A cell: what is booted, on what, and where its files are.
sub cell {
	my ($name) = @_;
	my $base = File::Spec->rel2abs($opt{top}) eq File::Spec->rel2abs('.') ?
	    '' : "$opt{top}/";
	my ($c, $t, $dir, $kernels, $run);

	eval { $c = Machines::parse($opt{top}, $name); 1 } or
	    stop(USAGE, $@ =~ s/\n\z//r);
	$t = $c->{table};
	$kernels = $ENV{KERNELS} // '';
	$kernels = join '/', "${base}obj", $c->{compiler} // ()
	    if $kernels eq '';
	$dir = "$kernels/$c->{arch}/$c->{kernel}";
	$run = "${base}obj/$c->{arch}/boot/" .
	    $c->{name} =~ s{^[^/]+/}{}r =~ s{/}{-}gr;
	return {
		%$c, machine => $c->{on}, kind => $c->{kernel},
		kernel => "$dir/$t->{kernel}", symbols => "$dir/kernel.elf",
		efi => "$dir/EFI", base => $base,
		map { $_ => $run . ".$_" } qw(log disk),
	};
}

# Which QEMU: what QEMU= names, or the cell, or the one in PATH.  Only what
# the cell names may be missing.
sub find_qemu {
	my ($cell) = @_;
	my $want = $cell->{table}{qemu};
	my $named = $ENV{QEMU} // '';
	my $here = search_path($want);
	my ($version, $unpacked, $is);

	return named_qemu($cell, $want, $named) if $named ne '';
	if (defined $cell->{qemu}) {
		($version) = $cell->{qemu} =~ /(\d+)/;
		$unpacked = "$cell->{base}obj/$cell->{qemu}/bin/$want";
		return $unpacked if -x $unpacked;
		$is = defined $here ? version($here) : undef;
		return $here if defined $is && $is =~ /\A$version\./;
		skip("no QEMU $version here, " . (defined $is ?
		    "$want is $is" : "nor any other") .
		    ($version > 7 ? " (./setup --$cell->{qemu})" : ''))
		    if defined $is || -d "$cell->{base}obj/qemu10/bin";
	}
	return $here // stop(NOT_RUN,
	    "no $want in PATH (./setup installs it)");
}

# QEMU= may serve another architecture: then its neighbour in the same
# directory is meant.
sub named_qemu {
	my ($cell, $want, $named) = @_;

	$named = search_path($named) // $named if $named !~ m{/};
	my $dir = -d $named ? $named : dirname($named);
	stop(NOT_RUN, "QEMU=$ENV{QEMU}: no such file or directory")
	    unless -e $named;
	stop(NOT_RUN, "QEMU=$ENV{QEMU} is not called as a QEMU is: $want")
	    unless -d $named || $named =~ m{qemu-system-[^/]+\z};
	stop(NOT_RUN, "QEMU=$ENV{QEMU} does not serve $cell->{arch}, and " .
	    "there is no $want beside it")
	    unless -e "$dir/$want";
	stop(NOT_RUN, "$dir/$want is not executable")
	    unless -x "$dir/$want" && ! -d _;
	return "$dir/$want";
}

# The version that a program prints of itself.
sub version {
	my ($program) = @_;
	my $says = qx{\Q$program\E --version 2>/dev/null} // '';

	return $says =~ /(\d+\.\d[\d.]*)/ ? $1 : 'of no version';
}

sub search_path {
	my ($file) = @_;

	for my $dir (File::Spec->path) {
		my $path = File::Spec->catfile($dir, $file);

		return $path if -x $path && ! -d _;
	}
	return undef;
}

# A kernel that was made elsewhere needs no compiler.
sub need_compiler {
	my ($cell) = @_;
	my $cc = ($cell->{compiler} // '') =~ s/(?=\d)/-/r;

	return if $cc eq '' || -s $cell->{kernel} || search_path($cc) ||
	    ($ENV{KERNELS} // '') ne '';
	skip("no $cc here (./setup --matrix)");
}

# What make builds it by.
sub kernel_target {
	my ($cell) = @_;

	return 'kernels-' . ($cell->{compiler} // $cell->{arch});
}

# What is booted is there.
sub need_kernel {
	my ($cell) = @_;
	my $target = kernel_target($cell);
	my $image = $ENV{IMAGE} // '';

	need_compiler($cell);
	stop(NOT_RUN, "IMAGE=$image: no such file")
	    if $image ne '' && !-s $image;
	stop(NOT_RUN, "no kernel $cell->{kernel}; `make $target' builds it")
	    if $image eq '' && !(-s $cell->{kernel} &&
	    (!$cell->{firmware}{disk} || -d $cell->{efi}));
}

# The file of a cell's firmware; undef for a direct boot.
sub find_firmware {
	my ($cell) = @_;
	my $f = $cell->{firmware};
	my $name = $f->{name} // return undef;
	my $named = $ENV{$f->{env}} // '';

	if ($named ne '') {
		$named .= '/' . $f->{files}[0] =~ s{.*/}{}r if -d $named;
		return $named if -f $named;
		stop(NOT_RUN, "$f->{env}=$ENV{$f->{env}}: no such file");
	}
	for my $file (@{$f->{files}}) {
		return $file if -f $file;
	}
	skip("no $name for $cell->{arch} here, $f->{files}[0] " .
	    "(./setup --matrix; $f->{env}= takes another)");
}

# Can this machine run the cell?  The way to know whether KVM can is to let it
# make the machine, and to stop there.
sub need_kvm {
	my ($cell, @command) = @_;
	my $host = (POSIX::uname())[4];
	my @try = ($command[0], '-accel', 'kvm',
	    Machines::arguments($cell->{machine}{args}, 'host'),
	    qw(-display none -nodefaults -no-user-config -S -monitor stdio));
	my $says;

	return unless $cell->{mode} eq 'kvm';
	skip("no usable KVM: this host is $host")
	    unless grep { $_ eq $host } @{$cell->{table}{host}};
	$says = qx(exec 2>&1; echo quit | @{[quote(@try)]});
	return if $? == 0;
	($says) = $says =~ /qemu-system\S*: (.*)/;
	skip("no usable KVM: " . Verdict::show($says // 'QEMU ends'));
}

# QEMU's arguments, and the disk that is made for the run.
sub command {
	my ($cell, $program, @more) = @_;
	my $t = $cell->{table};
	my $f = $cell->{firmware};
	my $accel = $Machines::accel{$cell->{mode}} // ($ENV{ACCEL} || 'tcg');
	# Only TCG can be any CPU.
	my $cpu = $accel =~ /\Atcg\b/ ? $cell->{cpu} : 'host';
	my $image = ($ENV{IMAGE} // '') ne '' ? $ENV{IMAGE} : undef;
	my $file = find_firmware($cell);
	my @firmware = @{$f->{args} // []};
	my $disk = defined $image ? "$image,snapshot=on" :
	    'fat:' . $cell->{disk} =~ s/,/,,/gr . ',read-only=on'
	    if $f->{disk};

	for (@firmware) {
		s/%f/$file/;
		s/%d/$disk/ if $f->{disk};
	}
	return ($program, '-accel', $accel, @{$t->{common}},
	    Machines::arguments($cell->{machine}{args}, $cpu), '-smp', $cell->{smp}, @firmware,
	    @{$Machines::args{$cell->{tests}} //
	    $Machines::args{$cell->{mode}} // []}, @{$opt{qemu}}, @more,
	    $f->{disk} ? () : (words($cell) eq '' ? () :
	    ('-append', words($cell)), '-kernel', $image // $cell->{kernel}));
}

# The kernel's command line.
sub words {
	my ($cell) = @_;

	return join ' ', @{$cell->{table}{append}},
	    map({ $Machines::append{$_} // () } @$cell{qw(start tests)}),
	    @{$opt{append}};
}

# What firmware finds on the disk.
sub make_disk {
	my ($cell) = @_;
	my $boot = "$cell->{disk}/EFI/BOOT";
	my $error;

	return if !$cell->{firmware}{disk} || ($ENV{IMAGE} // '') ne '';
	remove_tree($cell->{disk});
	make_path($boot, { error => \$error });
	for my $file (glob "\Q$cell->{efi}\E/BOOT/*.EFI") {
		copy($file, $boot) or stop(NOT_RUN, "cannot write $boot: $!");
	}
	open my $fh, '>', "$cell->{disk}/cmdline.txt" or
	    stop(NOT_RUN, "cannot write $cell->{disk}: $!");
	print $fh words($cell), "\n";
	close $fh or stop(NOT_RUN, "cannot write $cell->{disk}: $!");
}

sub quote {
	return join ' ', map {
		m{\A[\w\@%+=:,./-]+\z} ? $_ : "'" . s/'/'\\''/gr . "'"
	} @_;
}

sub print_command {
	for my $cell (@_) {
		my $program = eval { find_qemu($cell) } // $cell->{table}{qemu};

		print quote(command($cell, $program)), "\n";
	}
	return 0;
}

#
# The emulator as a process
#

# Start it in a process group of its own, so that all of it can be ended.
# Its standard input is empty, unless firmware is typed at.
sub start {
	my ($in, $out, $err, @command) = @_;
	my %q = (said => '');

	pipe my $failed, my $broken or die "pipe: $!";	# closed by the exec
	defined($q{pid} = fork) or die "fork: $!";
	if ($q{pid} == 0) {
		$SIG{$_} = 'DEFAULT' for qw(HUP INT TERM PIPE);
		setpgid(0, 0);
		defined $in ? open STDIN, '<&', $in :
		    open STDIN, '<', '/dev/null';
		open STDOUT, '>&', $out;
		open STDERR, '>&', $err;
		{ no warnings 'exec'; exec { $command[0] } @command; }
		syswrite $broken, "$!";
		POSIX::_exit(127);
	}
	setpgid($q{pid}, $q{pid});	# whoever of the two comes first
	$qemu = \%q;
	close $broken;
	if (sysread $failed, my $why, 256) {
		waitpid $q{pid}, 0;
		$qemu = undef;
		stop(NOT_RUN, "cannot run $command[0]: $why");
	}
	return \%q;
}

# Has it ended?  Its wait status is kept.
sub reaped {
	my ($q) = @_;

	$q->{status} = $? if !defined $q->{status} &&
	    waitpid($q->{pid}, WNOHANG) == $q->{pid};
	return defined $q->{status};
}

sub end_qemu {
	my ($q) = @_;

	if (!reaped($q)) {
		$q->{killed} = 1;
		kill 'TERM', -$q->{pid};
		for (1 .. 20) {
			last if reaped($q);
			sleep 0.1;
		}
	}
	# It, if it would not, and what it may have started.
	kill 'KILL', -$q->{pid};
	sleep 0.01 until reaped($q);
	$qemu = undef;
}

# However we end, it does.
END {
	my $status = $?;

	end_qemu($qemu) if $qemu;
	$? = $status;
}

sub signal_name {
	my ($n) = @_;

	return 'SIG' . ((split ' ', $Config{sig_name})[$n] // $n);
}

sub signal_number {
	my ($name) = @_;
	my @names = split ' ', $Config{sig_name};

	return (grep { $names[$_] eq $name } 0 .. $#names)[0];
}

# Asked to stop: end the machine and go, as a shell would show it.
sub check_signal {
	return unless defined $signalled;
	end_qemu($qemu) if $qemu;
	print STDERR "boot.pl: stopped by SIG$signalled\n";
	exit 128 + signal_number($signalled);
}

sub now { return clock_gettime(CLOCK_MONOTONIC) }

#
# One run
#

sub open_log {
	my ($cell) = @_;

	make_path(dirname($cell->{log}), { error => \my $error });
	open my $log, '>', $cell->{log} or
	    stop(NOT_RUN, "cannot write $cell->{log}: $!");
	return $log;
}

# A disk may be full: what cannot be kept is no verdict either.
sub write_log {
	my ($cell, $log, $bytes) = @_;

	while ($bytes ne '') {
		my $n = syswrite $log, $bytes;

		if (!defined $n) {
			my $why = $!;

			end_qemu($qemu);
			stop(NOT_RUN, "cannot write $cell->{log}: $why");
		}
		substr $bytes, 0, $n, '';
	}
}

# Boot a cell and judge it.  The verdict is returned; its notes_on_run are
# what else is worth a line.
sub boot {
	my ($cell, $show, %callbacks) = @_;
	my @command = command($cell, find_qemu($cell));

	@record{qw(cell command)} = ($cell, \@command);
	my $v = Verdict->new(arch => $cell->{arch}, cpus => $cell->{cpus},
	    %callbacks);
	my ($in, $to_in, $out, $err, $why, @clock);

	$v->{on_clock} = sub { push @clock, [now() * 1000, $_[0]] };
	need_kvm($cell, @command);
	need_kernel($cell);
	my $log = open_log($cell);
	make_disk($cell);
	pipe my $from_out, $out or die "pipe: $!";
	pipe my $from_err, $err or die "pipe: $!";
	if (@{$cell->{firmware}{type} // []}) {
		pipe $in, $to_in or die "pipe: $!";
		$to_in->autoflush;
	}

	@record{qw(v date at)} = ($v, time, { start => now() });
	my $q = start($in, $out, $err, @command);
	close $_ for grep { defined } $in, $out, $err;
	@$q{qw(out err in)} = ($from_out, $from_err, $to_in);
	@$q{qw(firmware heard type)} = ("$cell->{firmware}{name} " .
	    '(' . find_firmware($cell) . ')', '', [@{$cell->{firmware}{type}}])
	    if $cell->{firmware}{name};
	$why = watch($cell, $q, $v, sub {
		write_log($cell, $log, $_[0]);
		print $_[0] if $show;
	});
	end_qemu($q);
	$record{at}{exit} = now();
	$v->flush;
	killed($q, $v);
	$why //= refused($cell, $q, $v) // how_it_ended($cell, $q, $v) //
	    ("@command" =~ / -icount / ? undef : clock_wrong(@clock));
	$v->finish($why);
	$v->{notes_on_run} = [notes($cell, $q, $v)];
	return $v;
}

# What the processors have done so far: all of it, and what of that was idle
# or the emulator.
sub ticks {
	my ($q) = @_;

	open my $fh, '<', "$opt{proc}/stat" or return [0, 0];
	my (undef, @all) = split ' ', <$fh> // '';
	my @own;
	@own = split ' ', (<$fh> // '') =~ s/.*\) //r
	    if open $fh, '<', "$opt{proc}/$q->{pid}/stat";
	return [sum(0, @all[0 .. min(7, $#all)]),
	    sum(map { $_ // 0 } @all[3, 4], @own[11, 12])];
}

# The part of the time since then that it had, or could have had.
sub share {
	my ($then, $now) = @_;
	my $all = $now->[0] - $then->[0];

	return $all <= 0 ? 1 :
	    min(1, max($LEAST, ($now->[1] - $then->[1]) / $all));
}

# The guest's clock goes as the host's does, unless it counts instructions.
# A busy host may hold up both the guest and what it prints, so that only a
# wrong unit shows.
sub clock_wrong {
	my ($first, @then) = @_;

	return undef unless @then;
	my ($host, $guest) = map { $then[-1][$_] - $first->[$_] } 0, 1;
	return undef if $guest < $host * 1.8 + 2000 &&
	    $host < $guest * 1.8 + 2000;
	return sprintf 'CLK-1: md_clock_read() and md_clock_hz make %d ms ' .
	    'of what were %d ms', $guest, $host;
}

# Read the console until the emulator is gone or has to go; the answer says
# why it has to, undef where nothing is wrong.
sub watch {
	my ($cell, $q, $v, $got) = @_;
	my $open = IO::Select->new($q->{out}, $q->{err});
	my $begun = now();
	# Many CPUs share the processors.
	my $silence = $opt{silence} * (1 + int($cell->{cpus} / 64));
	my ($last, $then, $gone) = ($begun, ticks($q));

	for (;;) {
		for my $fh ($open->can_read($gone ? 0 : 0.2)) {
			my $n = sysread $fh, my $bytes, 65536;

			if (!$n) {
				$open->remove($fh) if defined $n;
			} elsif ($fh == $q->{err}) {
				$q->{said} .= $bytes
				    if length $q->{said} < 65536;
			} else {
				# Firmware may print for ever.
				($last, $then) = (now(), undef)
				    if !$q->{firmware} || $v->began;
				$got->($bytes);
				$v->feed($bytes);
				came($v);
				type_keys($q, $bytes) unless $v->began;
			}
		}
		check_signal();
		return undef if $gone;
		# Once it is gone, read what is left in the pipes, but do not
		# wait for the pipes to close: others may hold them open.
		sleep 0.02 if $open->count == 0;
		$gone = reaped($q);
		next if $gone;

		return undef if $v->was_reset;
		my ($run, $quiet) = (now() - $begun, now() - $last);
		if ($v->ended) {
			$q->{done} //= now();
			return undef if !$cell->{machine}{ends} &&
			    $quiet > $STAYS_SILENCE;
			return undef if now() - $q->{done} > $opt{grace};
		} elsif ($v->panicked) {
			return undef if $quiet > min($PANIC_SILENCE,
			    $opt{silence});
		} elsif ($quiet * share($then //= ticks($q), ticks($q)) >
		    $silence) {
			return $q->{firmware} && !$v->began ?
			    "$q->{firmware} has not started the kernel in " .
			    "$silence s" . last_line($v) :
			    "hang: no console output for $silence s";
		}
		return "still running after $opt{limit} s"
		    if $run > $opt{limit};
		return "runaway console: more than " . ($MAX_CONSOLE >> 20) .
		    " MB" if $v->bytes > $MAX_CONSOLE;
	}
}

# What a run's time is made of.
sub came {
	my ($v) = @_;
	my $at = $record{at};

	$at->{console} //= now();
	$at->{begin} //= now() if $v->began;
	$at->{plan} //= now() if defined $v->{plan};
	$at->{end} //= now() if $v->ended;
}

# Signals that a program earns itself; all others come from outside: from a
# person, from a system without memory, from a limit.
my %own_signal = map { $_ => 1 }
    qw(SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGSEGV SIGSYS);

# QEMU was killed, and not by what the kernel made it do.  Nothing is known of
# the kernel then but what it had shown already.
sub killed {
	my ($q, $v) = @_;
	my $signal = $q->{status} & 127;

	return if $q->{killed} || !$signal || $v->failing || $v->panicked ||
	    $v->was_reset || $own_signal{signal_name($signal)};
	stop(NOT_RUN, "QEMU was killed by " . signal_name($signal) .
	    ", from outside (out of memory?); " . $v->progress);
}

# What firmware waits for, once it has said so.
sub type_keys {
	my ($q, $bytes) = @_;

	$q->{heard} .= $bytes;
	while (my $next = $q->{type}[0]) {
		my ($text, $keys) = @$next;
		my $at = index $q->{heard}, $text;

		last if $at < 0;
		$q->{heard} = substr $q->{heard}, $at + length $text;
		shift @{$q->{type}};
		syswrite $q->{in}, $keys;
	}
}

# The last that firmware said, without what moves the cursor.
sub last_line {
	my ($v) = @_;
	my ($line) = grep { /\S/ } map { s/\e\[[\d;?]*[A-Za-z]//gr }
	    $v->{buf}, reverse @{$v->{tail}};

	return defined $line ? "; its last line: '" . Verdict::show($line) .
	    "'" : '';
}

# QEMU itself would not start.  Nothing is said of the kernel by that, and the
# cell could not be run, unless it is the kernel that QEMU complains of.
sub refused {
	my ($cell, $q, $v) = @_;
	my ($line) = grep { /\S/ && !/\bwarning: / } split /[\r\n]+/,
	    $q->{said};

	return undef if $v->bytes || $q->{killed} ||
	    $q->{status} != 1 << 8 || !defined $line;
	return "QEMU refuses the kernel: " . Verdict::show($line)
	    if $q->{said} =~ /PVH|load.*kernel|kernel (?:file|header)/;
	stop(NOT_RUN, "QEMU does not start: " . Verdict::show($line));
}

# What went wrong with the run as seen from outside; undef where nothing did.
# The guest's own account of a panic or reset comes first in the verdict.
sub how_it_ended {
	my ($cell, $q, $v) = @_;
	my $signal = $q->{status} & 127;

	if ($q->{killed}) {
		return undef unless $v->ended && $cell->{machine}{ends};
		return sprintf "QEMU had to be ended: %s can end itself, " .
		    "and did not within %s s of the end marker",
		    $cell->{machine}{name}, $opt{grace};
	}
	return "QEMU was killed by " . signal_name($signal) if $signal;
	return status_wrong($cell, $q->{status} >> 8, $v) if $v->ended;
	return undef if $v->panicked || $v->was_reset;
	return sprintf "%s ended the machine (status %d) and has not started " .
	    "the kernel%s", $q->{firmware}, $q->{status} >> 8, last_line($v)
	    if $q->{firmware} && !$v->began;
	return sprintf "QEMU exited with status %d before the end marker: " .
	    "the machine was reset (triple fault?) or switched off",
	    $q->{status} >> 8;
}

# What the guest told the machine is what it told the console; where the
# machine can be told.
sub status_wrong {
	my ($cell, $status, $v) = @_;
	my $table = $cell->{table}{status} or return undef;
	my $console = $v->failing ? 'failed' : 'passed';
	my $says = $table->{$status} // 'neither passed nor failed';

	return $says eq $console ? undef : "END-1: the machine's exit status " .
	    "($status) says $says, the console says $console";
}

sub notes {
	my ($cell, $q, $v) = @_;
	my @notes = map { "QEMU said: " . Verdict::show($_) }
	    uniq grep { !/terminating on signal/ } split /[\r\n]+/, $q->{said};

	splice @notes, 10, @notes, "..." if @notes > 10;
	push @notes, "QEMU had to be ended after the end marker"
	    if $q->{killed} && $v->ended && !$cell->{machine}{ends};
	return @notes;
}

#
# The ways of showing it
#

# The guest's stream again, as TAP that prove cannot misread, with one more
# test at its end.  A stream that breaks off leaves the plan unmet as well.
sub tap {
	my ($cell) = @_;
	my ($plan, $n) = (0, 0);
	my ($v, $failed);

	# Its diagnostics may follow a test that failed.
	my $notes = sub {
		print map { "#     " . Verdict::show($_) . "\n" }
		    @{$failed->{notes}} if $failed;
		$failed = undef;
	};

	STDOUT->autoflush;
	$v = boot($cell, 0,
	    on_plan => sub {
		$plan = $_[0];
		print "1..", $plan + 1, "\n";
	    },
	    on_test => sub {
		my ($test) = @_;

		$n = $test->{n};
		$test->{at} = now();
		$notes->();
		print tap_line($test), "\n";
		$failed = $test unless $test->{ok};
	    });
	$notes->();
	print "1..1\n" unless $plan || $n;
	# A failed test is its own failure; anything else is the run's.
	print $v->whole ? '' : 'not ', "ok ", $n + 1,
	    " - the run ended as it should\n";
	diagnose($cell, $v, $v->passed ? () : $v->tail($cell->{log}));
	write_record($v->passed ? 'passed' : 'failed', $v->verdict);
	return $v->passed ? 0 : FAILED;
}

# A # in a name would be a directive to prove.
sub tap_line {
	my ($test) = @_;
	my $name = tap_text($test->{name});
	my $skip = defined $test->{skip} && $test->{ok} ?
	    ' # ' . Verdict::show($test->{skip}) : '';

	return sprintf '%sok %d - %s%s', $test->{ok} ? '' : 'not ',
	    $test->{n}, $name, $skip;
}

sub tap_text {
	return Verdict::show($_[0] =~ s/([\\#])/\\$1/gr);
}

# What a person wants to know of the run, as comments.  prove hides these
# unless it is verbose, so what must be seen goes to standard error too: why
# a run failed, and that a run which passed left tests out.
sub diagnose {
	my ($cell, $v, @tail) = @_;
	my @notes = @{$v->{notes_on_run}};
	my @first = ("$cell->{name}: " . $v->verdict, @notes);
	my @all = (@first, $v->details, @tail);

	print map { "# $_\n" } @all;
	return if !$ENV{HARNESS_ACTIVE} || $ENV{HARNESS_IS_VERBOSE};
	if (!$v->passed) {
		print STDERR join '', map { "# $_\n" } @all;
	} elsif (@notes || $v->skipped) {
		print STDERR join '', map { "# $_\n" } @first;
	}
}

#
# The record
#

# The first line that a command prints.
sub first_line {
	my (@command) = @_;

	open my $fh, '-|', @command or return undef;
	my $line = <$fh>;
	1 while <$fh>;
	close $fh;
	chomp $line if defined $line;
	return $line;
}

# What made a kernel: the compiler stands in its .comment section, the linker
# has left its version beside it.
sub made_by {
	my ($elf) = @_;
	my ($compiler) = slurp($elf) =~ /((?:[\w.-]+ )*clang version [^\0]+)/;
	my ($linker) = slurp(dirname($elf) . '/linker') =~ /\A(.+)/;

	return map { defined ? Verdict::show($_) : undef } $compiler, $linker;
}

sub slurp {
	my ($file) = @_;

	open my $fh, '<:raw', $file or return '';
	local $/;
	return scalar(<$fh>) // '';
}

sub digest {
	my ($file) = @_;

	require Digest::SHA;
	return eval {
		Digest::SHA->new(256)->addfile($file, 'b')->hexdigest
	};
}

sub ms {
	my ($from, $to) = @_;

	return defined $from && defined $to ?
	    int(($to - $from) * 1000 + .5) : undef;
}

# How to do it again: its kernel, the settings that were made, and the cell.
sub again {
	my ($cell) = @_;
	my @set = grep { ($ENV{$_} // '') ne '' } @SETTINGS;

	return join ' ', (grep { /\A(?:IMAGE|KERNELS)\z/ } @set) ? () :
	    ('make', kernel_target($cell), defined $cell->{compiler} ?
	    "ARCH=$cell->{arch}" : (), '&&'),
	    (map { "$_=" . quote($ENV{$_}) } @set), 'perl tests/boot.pl --run', (map { ("--append", quote($_)) }
	    @{$opt{append}}), (map { ("--qemu", quote($_)) } @{$opt{qemu}}),
	    quote($cell->{name});
}

# Firmware's version, as it stands in its file or on the console; else its
# digest.
sub firmware_version {
	my ($cell) = @_;
	my $name = $cell->{firmware}{name} // return undef;
	my $file = eval { find_firmware($cell) } // return undef;
	my $text = slurp($file) . substr slurp($cell->{log}), 0, 65536;
	my ($version) = $text =~ /(U-Boot \d{4}\.\d\d[\w.+~-]*)/;

	($version) = $text =~ /UEFI firmware \((version [^ )]+)/
	    unless defined $version;
	return { name => $name, file => $file, sha256 => digest($file),
	    version => "$name: " . ($version //
	    'sha256 ' . substr digest($file), 0, 12) };
}

# What ran and how it went; `status' is passed, failed, skipped or infra.
sub write_record {
	my ($status, $line) = @_;
	my $cell = $record{cell};
	my $v = $record{v};
	my $at = $record{at} // {};
	my @command = @{$record{command} // []};
	my ($from, @tests) = $at->{plan};

	return unless defined $opt{record} && $cell;
	for my $t ($v ? @{$v->{tests}} : ()) {
		push @tests, { n => 0 + $t->{n}, name => Verdict::show($t->{name}),
		    ok => $t->{ok} ? JSON::PP::true() : JSON::PP::false(),
		    skip => defined $t->{skip} ? Verdict::show($t->{skip} =~
			s/\ASKIP\w*:?\s*//ir) : undef,
		    line => $t->{line}, ms => ms($from, $t->{at}),
		    $t->{ok} ? () :
			(notes => [map { Verdict::show($_) } @{$t->{notes}}]) };
		$from = $t->{at} // $from;
	}
	my ($compiler, $linker) = made_by($cell->{symbols});
	my %r = (
		schema => 'portkit-boot', version => 1,
		cell => $cell->{name}, axes => axes($cell),
		status => $status, verdict => $line,
		problems => [$v ? $v->problems : ()],
		notes => $v ? $v->{notes_on_run} // [] : [],
		arch => $cell->{arch}, cpus => 0 + $cell->{cpus},
		plan => $v && defined $v->{plan} ? 0 + $v->{plan} : undef,
		tests => \@tests, lines => $v ? $v->{nlines} : 0,
		command => @command ? quote(@command) : undef,
		again => again($cell),
		console => $v ? $cell->{log} : undef,
		kernel => { file => $cell->{kernel},
		    sha256 => digest($cell->{kernel}),
		    compiler => $compiler, linker => $linker },
		qemu => @command ? { file => $command[0],
		    version => first_line($command[0], '--version') } : undef,
		firmware => firmware_version($cell),
		date => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ',
		    gmtime($record{date} // time)),
		ms => {
			# To the first byte, to the plan, through the tests,
			# and until QEMU was gone.
			start => ms($at->{start}, $at->{console}),
			begin => ms($at->{console}, $at->{begin}),
			plan => ms($at->{begin}, $at->{plan}),
			tests => ms($at->{plan}, $at->{end} // $at->{exit}),
			end => ms($at->{end}, $at->{exit}),
			all => ms($at->{start}, $at->{exit}),
		},
	);
	open my $fh, '>', $opt{record} or
	    stop(NOT_RUN, "cannot write $opt{record}: $!");
	print $fh JSON::PP->new->ascii->canonical->pretty->encode(\%r) and
	    close $fh or stop(NOT_RUN, "cannot write $opt{record}: $!");
}

# The axes a cell's name stands for.
sub axes {
	my ($cell) = @_;

	return { %{$cell->{values}}, smp => $cell->{smp},
	    cpus => 0 + $cell->{cpus}, controller => $cell->{controller} };
}

# What each cell would run: the command, and which of it are files.
sub plan {
	my @plan;

	for my $cell (@_) {
		my %p = (cell => $cell->{name}, arch => $cell->{arch},
		    axes => axes($cell), skip => undef, infra => undef);
		if (!eval { $p{qemu} = find_qemu($cell);
		    $p{command} = [command($cell, $p{qemu})];
		    need_kvm($cell, @{$p{command}});
		    need_compiler($cell); 1 }) {
			die $@ unless ref $@;
			$p{$@->[0] ? 'infra' : 'skip'} = $@->[1];
		}
		$p{make} = kernel_target($cell);
		$p{files} = [$cell->{kernel}, glob "\Q$cell->{efi}\E/BOOT/*"];
		push @plan, \%p;
	}
	require JSON::PP;
	print JSON::PP->new->ascii->canonical->pretty->encode(\@plan);
	return 0;
}

# The consoles as they are, a line of verdict after each, and all the lines
# again at the end where there are several.
sub run {
	my @cells = @_;
	my ($worst, @summary) = (0);

	STDOUT->autoflush;
	for my $cell (@cells) {
		my ($v, $line, $status);

		print "boot.pl: $cell->{name}\n";
		if (eval { $v = boot($cell, 1); 1 }) {
			$line = $v->verdict;
			$status = $v->passed ? 0 : FAILED;
			print "\n";
			print map { "# $_\n" } @{$v->{notes_on_run}}, $v->details;
			print "# the console is in $cell->{log}\n"
			    unless $v->passed;
		} else {
			die $@ unless ref $@;
			die $@ if @cells == 1;
			($status, $line) = ($@->[0],
			    ($@->[0] ? 'NOT RUN' : 'SKIP') . ": $@->[1]");
		}
		print "$line\n";
		push @summary, "$cell->{name}: $line";
		# A failure of the kernel says more than one of the machine.
		$worst = $status if $worst != FAILED && $status;
	}
	print "\n", map { "$_\n" } @summary if @cells > 1;
	return $worst;
}

#
# Debugging
#

sub free_port {
	my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1',
	    LocalPort => 0) or stop(NOT_RUN, "no free port: $!");

	return $s->sockport;
}

# The first debugger here that knows the architecture, as a command.
sub debugger {
	my ($cell, $port) = @_;
	my $arch = $cell->{table}{gdb};

	for my $gdb (qw(gdb-multiarch gdb)) {
		next unless search_path($gdb);
		next if system(quote($gdb, '-nx', '-batch', '-ex',
		    "set architecture $arch") . ' >/dev/null 2>&1') != 0;
		return ($gdb, '-ex', "set architecture $arch",
		    '-ex', "target remote :$port", $cell->{symbols});
	}
	return ('lldb', '-o', "gdb-remote 127.0.0.1:$port", $cell->{symbols})
	    if search_path('lldb');
	return ();
}

# No limits and no verdict here: a person is at it.
sub debug {
	my ($cell) = @_;
	my $port = free_port();
	my @gdb = debugger($cell, $port);
	my $interactive = @gdb && -t STDIN && -t STDOUT;
	my @command = command($cell, find_qemu($cell),
	    '-S', '-gdb', "tcp:127.0.0.1:$port");
	need_kernel($cell);
	my $log = $interactive ? open_log($cell) : undef;

	STDOUT->autoflush;
	my $q = start(undef, $log // \*STDOUT, $log // \*STDERR, @command);
	print "boot.pl: $cell->{name} is stopped at its first instruction",
	    $log ? "; its console goes to $cell->{log}" : '', "\n";
	print @gdb ? quote(@gdb) . "\n" : "boot.pl: no debugger here knows " .
	    "$cell->{table}{gdb}: ./setup --all installs gdb-multiarch; the " .
	    "port is $port, ^C ends this\n";
	if ($interactive) {
		# ^C is the debugger's; QEMU is in another process group.
		local $SIG{INT} = 'IGNORE';
		my $pid = fork // die "fork: $!";

		if ($pid == 0) {
			$SIG{INT} = 'DEFAULT';
			{ no warnings 'exec'; exec { $gdb[0] } @gdb; }
			POSIX::_exit(127);
		}
		until (waitpid($pid, WNOHANG) == $pid) {
			check_signal();
			sleep 0.1;
		}
	} else {
		until (reaped($q)) {
			check_signal();
			sleep 0.1;
		}
	}
	end_qemu($q);
	return ($q->{killed} || $q->{status} == 0) ? 0 : FAILED;
}

my $status = eval { main() };
if (!defined $status) {
	die $@ unless ref $@;
	my $line = $@->[1];

	$status = $@->[0];
	if ($status) {
		print STDERR "boot.pl: $line\n";
	} elsif (($opt{mode} // 'tap') eq 'tap') {
		print "1..0 # SKIP $line\n";
	} else {
		print STDERR "boot.pl: not for this machine: $line\n";
		$status = NOT_RUN;
	}
	eval { write_record($status ? 'infra' : 'skipped', $line) }
	    if $status == NOT_RUN || !$status;
}
exit $status;
