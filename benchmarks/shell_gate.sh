#!/usr/bin/env bash
# The smoke deploy as a careful operator writes it by hand: deploy, status, stop, status, with curl and jq.
# What gallery_shell.py compares the gate with. Reads DEPLOY_ENDPOINT, CF_ACCESS_CLIENT_ID,
# CF_ACCESS_CLIENT_SECRET, IMAGE, CONTAINER_NAME and ENVIRONMENT; exit 0 if all is well.
set -euo pipefail

: "${DEPLOY_ENDPOINT:?}" "${CF_ACCESS_CLIENT_ID:?}" "${CF_ACCESS_CLIENT_SECRET:?}" "${IMAGE:?}"
[ "$ENVIRONMENT" = dev ] || { echo "refusing to run against $ENVIRONMENT"; exit 1; }

call() { # method path seconds [body]
    curl --silent --show-error --fail --max-time "$3" --request "$1" \
        --header "CF-Access-Client-Id: $CF_ACCESS_CLIENT_ID" \
        --header "CF-Access-Client-Secret: $CF_ACCESS_CLIENT_SECRET" \
        --header 'Content-Type: application/json' ${4:+--data "$4"} "$DEPLOY_ENDPOINT$2"
}

stop() {
    status=$?
    trap - EXIT
    call POST /v1/stop 30 >/dev/null || { echo "the stop failed"; exit 1; }
    call GET /v1/status 10 | jq --exit-status '.running == false' >/dev/null || { echo "it still runs"; exit 1; }
    exit "$status"
}

call GET /health 10 | jq --exit-status '.environment == "dev"' >/dev/null || { echo "not the agent of dev"; exit 1; }

trap stop EXIT
body=$(jq --null-input --arg image "$IMAGE" '{image: $image, environment: "dev"}')
call POST /v1/deploy 90 "$body" | jq --exit-status '.status == "deployed"' >/dev/null || { echo "not deployed"; exit 1; }

answer=$(call GET /v1/status 10)
jq --exit-status --arg image "$IMAGE" --arg name "$CONTAINER_NAME" \
    '.running == true and .container_name == $name and .image == $image and (.started_at | length > 0)' \
    <<<"$answer" >/dev/null || { echo "the status is wrong: $answer"; exit 1; }

# Long enough for a crash at the start to show, then one more look.
sleep 3
call GET /v1/status 10 | jq --exit-status '.running == true' >/dev/null || { echo "it did not stay up"; exit 1; }
