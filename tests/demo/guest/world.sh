# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The engineers, their files and the lure. Sourced by demo.sh.

canary() { # NAME
	local name value
	while read -r name value; do
		[ "$name" != "$1" ] || echo "$value"
	done </demo/canaries
}

users_up() {
	groupadd engineers
	groupadd arrow-cleared
	useradd -m -s /bin/bash -G engineers alice
	useradd -m -s /bin/bash -G engineers,arrow-cleared bob
}

# Whoever is in the project may write here: it is Cordon that tells the cleared from the others.
classified_up() {
	local name
	cd /srv || return
	mkdir -p classified/secret classified/work classified/orders
	echo "plan of the radar site: $(canary plan)" >classified/secret/plan.txt
	echo "radar figures, secret: $(canary radar)" >classified/secret/radar.txt
	for name in a b c d e; do
		printf 'order %s\n' $RANDOM{,,,,,,,}$RANDOM >classified/orders/$name.txt
	done
	sha256sum /srv/classified/orders/*.txt | while read -r sum name; do
		echo "$sum  $name" >"classified/work/${name:23:1}.sum"
	done
	chgrp -R engineers classified
	chmod 2770 classified classified/*
	chmod 660 classified/*/*
	cd / || return
}

lure_up() {
	local home=/home/alice
	mkdir -p $home/Downloads $home/.config $home/.cache /usr/local/lib/dream-job
	cp /demo/story.sh /usr/local/lib/dream-job/
	cd $home/Downloads || return
	echo 'Senior engineer, excellent pay.' >.decoy.txt
	printf '#!/bin/sh\ncat "${0%%/*}/.decoy.txt" && date >~/.cache/opened\n' >'offer pdf'
	chmod +x 'offer pdf'
	zip -q offer.zip 'offer pdf' .decoy.txt
	rm 'offer pdf' .decoy.txt
	cd / || return
	canary beacon >$home/.config/id
	chown -R alice: $home
}
