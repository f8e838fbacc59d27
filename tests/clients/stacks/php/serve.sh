#!/bin/sh
# Run index.php under php-fpm behind nginx, on port $PORT, with all files in the folder $1.
# (PHP's built-in server would do, but a connection that waits for a worker may wait for a busy one.)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
fpm=$(command -v php-fpm || ls /usr/sbin/php-fpm* | tail -n 1)

cat > "$1/fpm.conf" <<END
[global]
error_log = /dev/stderr
daemonize = no
[www]
listen = $1/fpm.sock
user = $(id -un)
pm = static
pm.max_children = 32
clear_env = no
catch_workers_output = yes
decorate_workers_output = no
END
cat > "$1/nginx.conf" <<END
daemon off;
pid $1/nginx.pid;
error_log /dev/stderr warn;
user $(id -un);
events { }
http {
  access_log off;
  client_body_temp_path $1/body;
  fastcgi_temp_path $1/fastcgi;
  proxy_temp_path $1/proxy;
  scgi_temp_path $1/scgi;
  uwsgi_temp_path $1/uwsgi;
  server {
    listen 127.0.0.1:$PORT;
    client_max_body_size 4m;
    location / {
      fastcgi_pass unix:$1/fpm.sock;
      fastcgi_buffering off;
      fastcgi_param REQUEST_METHOD \$request_method;
      fastcgi_param SCRIPT_NAME \$uri;
      fastcgi_param CONTENT_TYPE \$content_type;
      fastcgi_param CONTENT_LENGTH \$content_length;
      fastcgi_param SCRIPT_FILENAME $here/index.php;
    }
  }
}
END

"$fpm" --nodaemonize --allow-to-run-as-root --fpm-config "$1/fpm.conf" &
fpm_pid=$!
trap 'kill "$fpm_pid"; wait' EXIT # php-fpm makes a session of its own, which no signal to ours reaches
trap 'exit 0' INT TERM
while [ ! -S "$1/fpm.sock" ]; do sleep 0.05; done
nginx -c "$1/nginx.conf" -e /dev/stderr &
wait "$!"
