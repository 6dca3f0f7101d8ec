# vpdial - one Makefile, no recursion.  Objects go to $(BUILD); the packager's CC, CFLAGS,
# CPPFLAGS, LDFLAGS, PREFIX and DESTDIR are respected: our own flags are added to them.

VERSION     := 0.1.0
PREFIX      ?= /usr/local
SBINDIR     ?= $(PREFIX)/sbin
LIBEXECDIR  ?= $(PREFIX)/libexec/vpdial
MANDIR      ?= $(PREFIX)/share/man
DOCDIR      ?= $(PREFIX)/share/doc/vpdial
SYSCONFDIR  ?= /etc
# Scripts of packages, see vpdial-dispatcher(8).
VENDORDIR   ?= /usr/lib/vpdial
# By these NetworkManager's dispatcher and systemd's sleep tell running calls of changes.
NMDIR       ?= /usr/lib/NetworkManager/dispatcher.d
SLEEPDIR    ?= /usr/lib/systemd/system-sleep
UNITDIR     ?= /usr/lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d
TMPFILESDIR ?= /usr/lib/tmpfiles.d
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# The session of a supervisor that runs as root becomes this user ("nobody").
SANDBOX_UID ?= 65534
SANDBOX_GID ?= 65534
BUILD       ?= build
CFLAGS      ?= -O2 -g
V           ?= 0
WERROR      ?=

ifeq ($(V),0)
Q := @
say = @printf '  %-6s %s\n' '$(1)' '$(2)';
else
Q :=
say =
endif

PKGS     := libcrypto libnl-3.0 jansson libseccomp libcap-ng
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# Socket addresses of several families share storage (RFC 3493 3.10): no strict aliasing.
OWN_CFLAGS := -std=c11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wundef -Wvla -Wformat=2 -fstack-protector-strong -fPIE -fno-strict-aliasing \
	$(if $(WERROR),-Werror)
OWN_CPPFLAGS := -D_GNU_SOURCE -Isrc -I/usr/include/iniparser $(PKG_CFLAGS) \
	-DVPDIAL_VERSION='"$(VERSION)"' -DVPDIAL_LIBEXECDIR='"$(LIBEXECDIR)"' \
	-DVPDIAL_SYSCONFDIR='"$(SYSCONFDIR)"' -DVPDIAL_VENDORDIR='"$(VENDORDIR)"' \
	-DVPDIAL_SANDBOX_UID=$(SANDBOX_UID) -DVPDIAL_SANDBOX_GID=$(SANDBOX_GID)
OWN_LDFLAGS := -pie -Wl,-z,relro,-z,now
# What makes faults harder to use, as far as the compiler has it; tests/cli/hardening.sh looks.
has = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo $(1))
OWN_CFLAGS  += $(call has,-fcf-protection) $(call has,-fstack-clash-protection)
OWN_LDFLAGS += -Wl,-z,noexecstack -Wl,-z,separate-code
SANITIZE ?=
ifeq ($(SANITIZE),)
OWN_CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
ifneq ($(SANITIZE),)
OWN_CFLAGS  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
OWN_LDFLAGS += -fsanitize=$(SANITIZE)
OWN_CPPFLAGS += -DVPDIAL_SANITIZED=1
endif

# Rooms (HACKING.md has the table of arrows between them); a room's sources are all that lie in its
# folder.
sources = $(filter-out $(OTHER_BUILDS),$(sort $(patsubst src/$(1)/%.c,%,$(wildcard src/$(1)/*.c src/$(1)/*/*.c))))
# The sandbox's walls, or what sanitizers need instead of them.
OTHER_BUILDS := $(if $(SANITIZE),sandbox_walls,sandbox_sanitized)
ROOMS := base vocabulary loop crypto wire ppp tunnel ipsec radius ipc import conf path session host privsep dispatcher connection server \
	client cli tui

objs = $(patsubst %,$(BUILD)/obj/$(1)/%.o,$(call sources,$(1)))
lib  = $(BUILD)/lib$(1).a

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:
all: $(BUILD)/vpdial $(BUILD)/vpdial-session $(BUILD)/vpdial-radius

define room_rules
$(call lib,$(1)): $(call objs,$(1))
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

$(BUILD)/obj/%.o: src/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OWN_CPPFLAGS) $(CPPFLAGS) $(OWN_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

VPDIAL_ROOMS  := cli tui connection server dispatcher privsep host client conf import ipc loop vocabulary base
SESSION_ROOMS := session path ipsec tunnel ppp crypto wire ipc loop vocabulary base
NCURSES_LIBS  := $(shell pkg-config --libs ncursesw 2>/dev/null || echo -lncursesw)
VPDIAL_LIBS   := -lnl-3 -liniparser -lexpat -ljansson -lcap-ng $(NCURSES_LIBS)
SESSION_LIBS  := -lcrypto -lseccomp -lcap-ng
RADIUS_ROOMS  := radius session crypto wire ipc loop vocabulary base

$(BUILD)/vpdial: $(filter-out %/session.o %/radius.o,$(call objs,main)) $(foreach r,$(VPDIAL_ROOMS),$(call lib,$(r)))
	$(call say,LD,$@)
	$(Q)$(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(VPDIAL_LIBS)

$(BUILD)/vpdial-session: $(BUILD)/obj/main/session.o $(foreach r,$(SESSION_ROOMS),$(call lib,$(r)))
	$(call say,LD,$@)
	$(Q)$(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(SESSION_LIBS)

$(BUILD)/vpdial-radius: $(BUILD)/obj/main/radius.o $(foreach r,$(RADIUS_ROOMS),$(call lib,$(r)))
	$(call say,LD,$@)
	$(Q)$(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(SESSION_LIBS)

# Calls that a test answers itself.
wrapped = $(foreach f,$(1),-Wl,--wrap=$(f))

# Unit tests: tests/unit/test_NAME.c, linked with the rooms and libraries it names here.
UNIT_TESTS :=
UNIT_TESTS += base child
child_ROOMS := base
base_ROOMS := loop vocabulary base
UNIT_TESTS += request
request_ROOMS := ipc vocabulary base
UNIT_TESTS += crypto mppe_key mschap
crypto_ROOMS := crypto vocabulary base
crypto_LIBS := -lcrypto
mppe_key_ROOMS := crypto vocabulary base
mppe_key_LIBS := -lcrypto
mschap_ROOMS := crypto vocabulary base
mschap_LIBS := -lcrypto
UNIT_TESTS += esp
esp_ROOMS := crypto wire vocabulary base
esp_LIBS := -lcrypto
UNIT_TESTS += radius
radius_ROOMS := radius crypto wire ipc loop vocabulary base
radius_LIBS := -lcrypto
UNIT_TESTS += wire_pptp
wire_pptp_ROOMS := wire vocabulary base
UNIT_TESTS += tunnel_pptp
tunnel_pptp_ROOMS := tunnel crypto wire vocabulary base
tunnel_pptp_LIBS := -lcrypto
UNIT_TESTS += dhcp
dhcp_ROOMS := wire vocabulary base
UNIT_TESTS += wire_l2tp
wire_l2tp_ROOMS := wire crypto vocabulary base
wire_l2tp_LIBS := -lcrypto
UNIT_TESTS += tunnel_l2tp
tunnel_l2tp_ROOMS := tunnel crypto wire vocabulary base
tunnel_l2tp_LIBS := -lcrypto
UNIT_TESTS += half_open
half_open_ROOMS := tunnel crypto wire vocabulary base
half_open_LIBS := -lcrypto
UNIT_TESTS += isakmp ike_crypto ipsec
isakmp_ROOMS := wire vocabulary base
ike_crypto_ROOMS := crypto vocabulary base
ike_crypto_LIBS := -lcrypto
ipsec_ROOMS := ipsec wire crypto vocabulary base
ipsec_LIBS := -lcrypto
UNIT_TESTS += ipsec_hostile ipsec_loss ike_half_open
ike_half_open_ROOMS := ipsec wire crypto vocabulary base
ike_half_open_LIBS := -lcrypto
ipsec_loss_ROOMS := ipsec wire crypto vocabulary base
ipsec_loss_LIBS := -lcrypto
ipsec_hostile_ROOMS := ipsec wire crypto vocabulary base
ipsec_hostile_LIBS := -lcrypto
UNIT_TESTS += conf control cli
conf_ROOMS := conf import vocabulary base
conf_LIBS := -liniparser
control_ROOMS := client ipc loop vocabulary base
cli_ROOMS := cli dispatcher client conf import ipc loop vocabulary base
cli_LIBS := -liniparser -lexpat -ljansson
UNIT_TESTS += import
import_ROOMS := import vocabulary base
import_LIBS := -lexpat
UNIT_TESTS += path captures
captures_ROOMS := path crypto wire vocabulary base
captures_LIBS := -lcrypto
path_ROOMS := path crypto wire vocabulary base
path_LIBS := -lcrypto
UNIT_TESTS += mp
mp_ROOMS := path crypto wire vocabulary base
mp_LIBS := -lcrypto
UNIT_TESTS += path_cost
path_cost_ROOMS := path crypto wire vocabulary base
path_cost_LIBS := -lcrypto -Wl,--wrap=mppe_chain_next
UNIT_TESTS += packet
packet_ROOMS := path crypto wire vocabulary base
packet_LIBS := -lcrypto -Wl,--wrap=sendmmsg
UNIT_TESTS += day
day_ROOMS := path tunnel ppp crypto wire vocabulary base
day_LIBS := -lcrypto
day_OBJECTS := $(BUILD)/obj/tests/sim/pair.o
UNIT_TESTS += session session_account
session_account_ROOMS := session path ipsec tunnel ppp crypto wire ipc loop vocabulary base
session_account_LIBS := -lcrypto -lseccomp -lcap-ng
session_ROOMS := session path ipsec tunnel ppp crypto wire ipc loop vocabulary base
session_LIBS := -lcrypto -lseccomp -lcap-ng
UNIT_TESTS += offload path_bulk
path_bulk_ROOMS := path crypto wire vocabulary base
path_bulk_LIBS := -lcrypto
offload_ROOMS := path crypto wire vocabulary base
offload_LIBS := -lcrypto
UNIT_TESTS += path_esp
path_esp_ROOMS := path crypto wire vocabulary base
path_esp_LIBS := -lcrypto
UNIT_TESTS += path_worker
path_worker_ROOMS := path crypto wire vocabulary base
path_worker_LIBS := -lcrypto -pthread -Wl,--wrap=path_send_burst,--wrap=sendto
UNIT_TESTS += sandbox
sandbox_ROOMS := session vocabulary base
sandbox_LIBS := -lseccomp -lcap-ng
UNIT_TESTS += path_l2tp
path_l2tp_ROOMS := path crypto wire vocabulary base
path_l2tp_LIBS := -lcrypto
UNIT_TESTS += wire_ppp print automaton ppp ppp_early ppp_network ppp_pair ppp_refusal ppp_account ppp_multilink
ppp_multilink_ROOMS := ppp crypto wire vocabulary base
ppp_multilink_LIBS := -lcrypto
ppp_account_ROOMS := ppp crypto wire vocabulary base
ppp_account_LIBS := -lcrypto
ppp_refusal_ROOMS := ppp crypto wire vocabulary base
ppp_refusal_LIBS := -lcrypto
ppp_early_ROOMS := ppp crypto wire vocabulary base
ppp_early_LIBS := -lcrypto
wire_ppp_ROOMS := wire vocabulary base
print_ROOMS := wire vocabulary base
automaton_ROOMS := ppp crypto wire vocabulary base
automaton_LIBS := -lcrypto
ppp_ROOMS := ppp crypto wire vocabulary base
ppp_LIBS := -lcrypto
ppp_network_ROOMS := ppp crypto wire vocabulary base
ppp_network_LIBS := -lcrypto
ppp_pair_ROOMS := ppp crypto wire vocabulary base
ppp_pair_LIBS := -lcrypto
UNIT_TESTS += server
server_ROOMS := server conf import ipc vocabulary base
server_LIBS := -liniparser
UNIT_TESTS += notify
notify_ROOMS := privsep vocabulary base
UNIT_TESTS += redial
redial_ROOMS := connection vocabulary base
UNIT_TESTS += connection connection_life
connection_ROOMS := connection dispatcher privsep host conf import ipc loop vocabulary base
connection_OBJECTS := $(BUILD)/obj/tests/connection_world.o
connection_LIBS := $(call wrapped,process_spawn process_stop request_send sockets_open resolver_start resolver_stop last_end \
	host_apply host_undo host_suspend host_lockdown host_is_locked_down host_is_settled host_dns_way_now host_lockdown_lift host_path_to host_repin \
	host_tun_open host_effect host_effect_route host_watch_set hooks_exist hooks_run hooks_abort hooks_busy) \
	-lnl-3 -liniparser -lcap-ng
connection_life_ROOMS := $(connection_ROOMS)
connection_life_OBJECTS := $(connection_OBJECTS)
connection_life_LIBS := $(connection_LIBS)
UNIT_TESTS += hooks
hooks_ROOMS := dispatcher conf import ipc loop vocabulary base
hooks_LIBS := -liniparser
UNIT_TESTS += fields
fields_ROOMS := cli tui dispatcher client conf import ipc loop vocabulary base
fields_LIBS := -liniparser -lexpat -ljansson $(NCURSES_LIBS)
UNIT_TESTS += tui
tui_ROOMS := tui client ipc loop vocabulary base
tui_LIBS := $(NCURSES_LIBS)
UNIT_TESTS += host
host_ROOMS := host loop vocabulary base
host_LIBS := -lnl-3 -lcap-ng

define unit_rules
$(BUILD)/test/$(1): $(BUILD)/obj/tests/test_$(1).o $(BUILD)/obj/tests/vectors.o $($(1)_OBJECTS) $(foreach r,$($(1)_ROOMS),$(call lib,$(r)))
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $$@ $$^ $($(1)_LIBS) -lcmocka
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_rules,$(t))))
$(BUILD)/obj/tests/%.o: tests/unit/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OWN_CPPFLAGS) -Itests/unit -Itests $(CPPFLAGS) $(OWN_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The simulated network, see tests/sim/sim.c.
$(BUILD)/test/sim: $(BUILD)/obj/tests/sim/sim.o $(BUILD)/obj/tests/sim/pair.o $(foreach r,path tunnel ppp crypto wire vocabulary base,$(call lib,$(r)))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ $^ -lcrypto
$(BUILD)/obj/tests/sim/%.o: tests/sim/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OWN_CPPFLAGS) -Itests/sim -Itests $(CPPFLAGS) $(OWN_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
# A hundred thousand dials, then some of ends that can agree: minutes.  SIM_FLAGS adds options.
sim: $(BUILD)/test/sim
	$< --runs 100000 --coverage $(SIM_FLAGS)
	$< --runs 20000 --loss 200 --ordinary $(SIM_FLAGS)

# A session that turns on its supervisor, for tests/netns/sandbox.sh.
$(BUILD)/test/attacker/vpdial-session: $(BUILD)/obj/tests/attacker.o $(foreach r,session ipc vocabulary base,$(call lib,$(r)))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ $^ -lseccomp -lcap-ng
attacker: $(BUILD)/test/attacker/vpdial-session

# Fuzz targets, tests/fuzz/TARGET.c: build/test/fuzz_TARGET replays kept inputs with any compiler;
# `make fuzz` builds them with clang and libFuzzer, `make fuzz TARGET=ppp TIME=600` runs one.
FUZZ_TARGETS := wire isakmp ppp tunnel half_open path esp session judge conf import control request radius
fuzz_wire_ROOMS := wire crypto vocabulary base
fuzz_radius_ROOMS := radius crypto wire ipc loop vocabulary base
fuzz_isakmp_ROOMS := ipsec wire crypto vocabulary base
fuzz_ppp_ROOMS := ppp crypto wire vocabulary base
fuzz_tunnel_ROOMS := tunnel crypto wire vocabulary base
fuzz_half_open_ROOMS := tunnel crypto wire vocabulary base
fuzz_path_ROOMS := path crypto wire vocabulary base
fuzz_esp_ROOMS := path crypto wire vocabulary base
fuzz_session_ROOMS := session path ipsec tunnel ppp crypto wire ipc loop vocabulary base
fuzz_judge_ROOMS := connection server dispatcher privsep host conf import ipc loop vocabulary base
fuzz_conf_ROOMS := conf import vocabulary base
fuzz_import_ROOMS := import vocabulary base
fuzz_import_LIBS := -lexpat
fuzz_control_ROOMS := client ipc loop vocabulary base
fuzz_request_ROOMS := ipc vocabulary base
fuzz_LIBS := -lcrypto -liniparser
fuzz_path_LIBS := $(call wrapped,sendmmsg recvmmsg recvmsg writev write)
fuzz_judge_LIBS := $(call wrapped,fork access kill waitpid pidfd_open socketpair pipe2 clock_now_ms clock_now_us epoll_wait \
	host_new host_free host_apply host_undo host_suspend host_is_locked_down host_set_loop host_is_settled host_dns_way_now host_finish host_effect host_effect_route host_set_forget host_tun_open host_tun_rename host_path_to host_repin last_end \
	call_sockets_open sockets_open dial_start) -lnl-3 -lcap-ng
fuzz_session_LIBS := $(call wrapped,clock_now_ms clock_now_us getrandom epoll_wait) -lseccomp -lcap-ng
define fuzz_rules
$(BUILD)/test/fuzz_$(1): $(BUILD)/obj/tests/fuzz/$(1).o $(BUILD)/obj/tests/fuzz/kit.o $(if $(FUZZER),,$(BUILD)/obj/tests/fuzz/replay.o) $(foreach r,$(fuzz_$(1)_ROOMS),$(call lib,$(r)))
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) $(if $(FUZZER),-fsanitize=fuzzer) -o $$@ $$^ $(fuzz_LIBS) $(call wrapped,malloc calloc aligned_alloc) $(fuzz_$(1)_LIBS)
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rules,$(t))))
$(BUILD)/obj/tests/fuzz/%.o: tests/fuzz/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OWN_CPPFLAGS) -Itests/fuzz -Itests $(CPPFLAGS) $(OWN_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
fuzz-programs: $(foreach t,$(FUZZ_TARGETS),$(BUILD)/test/fuzz_$(t))
fuzz-replay: fuzz-programs
	@set -e; for t in $(FUZZ_TARGETS); do $(BUILD)/test/fuzz_$$t fuzz_$$t tests/fuzz/corpus/$$t; done
print-fuzz:
	@echo $(FUZZ_TARGETS)
# All targets one after another, TIME seconds each; RECORD=1 puts the table into CAMPAIGN.md.
fuzz-campaign:
	@RECORD=$(RECORD) tests/fuzz/campaign $(or $(TIME),3600) $(TARGET)
fuzz:
	@tests/fuzz/run $(if $(TARGET),$(TARGET) $(or $(TIME),600))

unit: attacker $(foreach t,$(UNIT_TESTS),$(BUILD)/test/$(t))
print-unit:
	@echo $(foreach t,$(UNIT_TESTS),$(BUILD)/test/$(t))

# Measuring programs: tests/bench/NAME.c.
$(BUILD)/bench/%: tests/bench/%.c $(foreach r,path crypto wire vocabulary base,$(call lib,$(r))) Makefile
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OWN_CPPFLAGS) $(CPPFLAGS) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ \
		$< $(foreach r,path crypto wire vocabulary base,$(call lib,$(r))) -lcrypto

# Tests.  `make check` is the whole; the others are parts of it, for work in between.
check:
	@scripts/install-deps check
	@scripts/check
check-static check-builds check-unit check-valgrind check-cli check-netns check-systemd check-package check-interop check-arm64 check-sanitized:
	@scripts/check $(@:check-%=%)
check-layers:
	@scripts/check-layers
asan ubsan:
	@$(MAKE) --no-print-directory BUILD=build/$@ SANITIZE=$(if $(filter asan,$@),address,undefined) all unit
	@for t in $$($(MAKE) -s --no-print-directory print-unit BUILD=build/$@); do $$t || exit 1; done
# What two threads share, and the loop: for them ThreadSanitizer (gcc or clang).
TSAN_TESTS := path_worker path path_l2tp path_bulk base
TSAN_PROGRAMS := $(TSAN_TESTS:%=build/tsan/test/%)
tsan-programs:
	@$(MAKE) --no-print-directory BUILD=build/tsan SANITIZE=thread $(TSAN_PROGRAMS)
# Without randomized addresses: older run times of this sanitizer do not find their place.
tsan: tsan-programs
	@for t in $(TSAN_PROGRAMS); do setarch -R $$t || exit 1; done
print-tsan:
	@echo $(TSAN_PROGRAMS)
lint:
	@scripts/install-deps check
	@DEEP=1 scripts/check static
format:
	clang-format -i $$(git ls-files -co --exclude-standard 'src/*.[ch]' 'tests/*.[ch]')
comma := ,
# The ratios; and the same variants with more streams, loss, other MTUs: a quarter of an hour each round.
bench bench-conditions:
	@scripts/install-deps bench
	@$(MAKE) --no-print-directory all $(BUILD)/bench/naive
	VPDIAL=$(BUILD)/vpdial NAIVE=$(BUILD)/bench/naive tests/bench/speed $(if $(ROUNDS),-n $(ROUNDS)) \
		--results tests/bench/RESULTS.md \
		$(if $(filter bench,$@),--parts bulk$(comma)rtt --plot tests/bench/RESULTS.svg,--parts streams$(comma)loss$(comma)mtu)
# Whether anything grows, in HOURS of traffic and REDIALS.
soak: all
	tests/soak/soak $(or $(HOURS),1) $(or $(REDIALS),10000)
bench-server: all
	tests/bench/server
bench-mppe: $(BUILD)/bench/mppe
	$<
bench-twoways: $(BUILD)/bench/twoways
	$<
# Instructions for each packet, against those recorded; renewed with gcc.
bench-count bench-count-record:
	@$(MAKE) --no-print-directory BUILD=build/gcc CC=gcc build/gcc/bench/count
	CC=gcc COUNT=build/gcc/bench/count tests/bench/count $(if $(filter %-record,$@),record,check)
# Ten million packets of each protocol, each octet compared: minutes.
bench-integrity: all $(BUILD)/bench/integrity
	VPDIAL=$(BUILD)/vpdial INTEGRITY=$(BUILD)/bench/integrity tests/bench/integrity
# L2TP over IPsec with both servers and all suites: some minutes.
interop-ipsec: all
	@scripts/install-deps check
	@for p in strongswan libreswan; do \
		VPDIAL=$(abspath $(BUILD))/vpdial tests/lab/netlab --server-tap tapS -- tests/interop/ipsec $$p matrix || exit 1; done
# Throughput beside pptp-linux and xl2tpd, in guests.
bench-guests: all
	@scripts/install-deps check
	VPDIAL=$(BUILD)/vpdial tests/bench/guests $(if $(ROUNDS),-n $(ROUNDS)) -r tests/bench/RESULTS.md
bench-dial: all
	tests/bench/dial
bench-loss: all
	tests/bench/loss

demo:
	@scripts/install-deps demo
	@$(MAKE) --no-print-directory all
	@scripts/demo

UNITS := vpdial.service vpdial@.service vpdial-wait@.service vpdial-server.service

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(MANDIR)/man8 \
		$(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(DOCDIR)/profiles \
		$(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR) $(DESTDIR)$(FISHCOMPDIR) \
		$(DESTDIR)$(NMDIR) $(DESTDIR)$(SLEEPDIR) $(DESTDIR)$(UNITDIR) \
		$(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(TMPFILESDIR) $(DESTDIR)$(SYSCONFDIR)/logrotate.d
	sed 's|@SBINDIR@|$(SBINDIR)|' scripts/networkmanager/90-vpdial >$(DESTDIR)$(NMDIR)/90-vpdial
	sed 's|@SBINDIR@|$(SBINDIR)|' scripts/system-sleep/vpdial >$(DESTDIR)$(SLEEPDIR)/vpdial
	for unit in $(UNITS); do \
		sed 's|@SBINDIR@|$(SBINDIR)|' packaging/systemd/$$unit >$(DESTDIR)$(UNITDIR)/$$unit && \
		chmod 644 $(DESTDIR)$(UNITDIR)/$$unit || exit 1; done
	install -m 644 packaging/sysusers.d/vpdial.conf $(DESTDIR)$(SYSUSERSDIR)/vpdial.conf
	install -m 644 packaging/tmpfiles.d/vpdial.conf $(DESTDIR)$(TMPFILESDIR)/vpdial.conf
	install -m 644 packaging/logrotate/vpdial $(DESTDIR)$(SYSCONFDIR)/logrotate.d/vpdial
	chmod 755 $(DESTDIR)$(NMDIR)/90-vpdial $(DESTDIR)$(SLEEPDIR)/vpdial
	install -m 755 $(BUILD)/vpdial $(DESTDIR)$(SBINDIR)/vpdial
	install -m 755 $(BUILD)/vpdial-session $(BUILD)/vpdial-radius $(DESTDIR)$(LIBEXECDIR)/
	install -m 644 man/vpdial.8 man/vpdial-dispatcher.8 $(DESTDIR)$(MANDIR)/man8/
	install -m 644 man/vpdial.conf.5 $(DESTDIR)$(MANDIR)/man5/vpdial.conf.5
	install -m 644 README.md CHANGELOG.md SECURITY.md LICENSE $(DESTDIR)$(DOCDIR)/
	install -m 644 $(wildcard profiles/*) $(DESTDIR)$(DOCDIR)/profiles/
	install -m 644 completions/vpdial.bash $(DESTDIR)$(BASHCOMPDIR)/vpdial
	install -m 644 completions/_vpdial $(DESTDIR)$(ZSHCOMPDIR)/_vpdial
	install -m 644 completions/vpdial.fish $(DESTDIR)$(FISHCOMPDIR)/vpdial.fish

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/vpdial $(DESTDIR)$(LIBEXECDIR)/vpdial-session \
		$(DESTDIR)$(LIBEXECDIR)/vpdial-radius \
		$(DESTDIR)$(MANDIR)/man8/vpdial.8 $(DESTDIR)$(MANDIR)/man8/vpdial-dispatcher.8 \
		$(DESTDIR)$(MANDIR)/man5/vpdial.conf.5 $(DESTDIR)$(BASHCOMPDIR)/vpdial $(DESTDIR)$(ZSHCOMPDIR)/_vpdial \
		$(DESTDIR)$(FISHCOMPDIR)/vpdial.fish \
		$(DESTDIR)$(NMDIR)/90-vpdial $(DESTDIR)$(SLEEPDIR)/vpdial \
		$(UNITS:%=$(DESTDIR)$(UNITDIR)/%) $(DESTDIR)$(SYSUSERSDIR)/vpdial.conf \
		$(DESTDIR)$(TMPFILESDIR)/vpdial.conf $(DESTDIR)$(SYSCONFDIR)/logrotate.d/vpdial
	rm -rf $(DESTDIR)$(DOCDIR)
	-rmdir $(DESTDIR)$(LIBEXECDIR)

dist deb rpm:
	@VERSION=$(VERSION) scripts/package $@

clean:
	rm -rf build

-include $(shell find $(BUILD)/obj -name '*.d' -type f 2>/dev/null)
.PHONY: all attacker fuzz print-fuzz fuzz-campaign fuzz-programs fuzz-replay sim unit print-unit check check-static check-builds check-unit check-valgrind \
	check-cli check-netns check-systemd check-package check-interop interop-ipsec check-arm64 check-sanitized check-layers asan ubsan tsan tsan-programs \
	print-tsan lint format bench bench-conditions bench-dial bench-mppe bench-twoways bench-count bench-count-record bench-integrity bench-guests \
	bench-loss bench-server soak demo dist deb rpm install uninstall clean
