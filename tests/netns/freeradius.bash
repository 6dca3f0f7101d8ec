# shellcheck shell=bash
# FreeRADIUS for tests, with a configuration of its own and nothing of /etc/freeradius.

# freeradius_conf DIR ADDRESS SECRET [REPLY...]: a configuration in DIR.  User "rad" with the password
# "Rad-Pass1" gets the attributes REPLY; answers are signed unless SIGNED=no; DELAY=seconds holds each back.
freeradius_conf() {
	local dir=$1 address=$2 secret=$3 reply=() line
	shift 3
	[ "${SIGNED-yes}" = no ] || reply+=('Message-Authenticator = 0x00')
	reply+=("$@")
	mkdir -p "$dir/log" "$dir/acct"
	{
		printf 'rad Cleartext-Password := "Rad-Pass1"\n'
		for line in "${reply[@]}"; do printf '\t%s,\n' "$line"; done | sed '$s/,$//'
	} >"$dir/users"
	cat >"$dir/radiusd.conf" <<-E
		prefix = /usr
		libdir = /usr/lib/freeradius
		logdir = $dir/log
		run_dir = $dir
		pidfile = $dir/pid
		max_request_time = 30
		security {
		 reject_delay = 0
		}
		client all {
		 ipaddr = 0.0.0.0/0
		 secret = "$secret"
		}
		modules {
		 pap {
		 }
		 chap {
		 }
		 mschap {
		  use_mppe = yes
		  require_encryption = ${ENCRYPT-yes}
		  require_strong = ${ENCRYPT-yes}
		 }
		 files {
		  filename = $dir/users
		 }
		 detail {
		  filename = $dir/acct/detail
		 }
		}
		server test {
		 listen {
		  type = auth
		  ipaddr = $address
		  port = 1812
		 }
		 listen {
		  type = acct
		  ipaddr = $address
		  port = 1813
		 }
		 authorize {
		  chap
		  mschap
		  files
		  pap
		 }
		 authenticate {
		  Auth-Type PAP {
		   pap
		  }
		  Auth-Type CHAP {
		   chap
		  }
		  Auth-Type MS-CHAP {
		   mschap
		  }
		 }
		 post-auth {
		  Post-Auth-Type REJECT {
		   update reply {
		    Message-Authenticator := 0x00
		    Reply-Message := "Ask the help desk"
		   }
		  }
		 }
		 accounting {
		  detail
		 }
		}
	E
}
