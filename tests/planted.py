"""Fake secrets of every shape that the default rules know, and texts that only look like secrets.

The shapes are written from the documentation of the providers, not from the patterns. No secret
stands in this file: a shape is a template whose parts are filled at run time, and a `|` in it
keeps a prefix apart, so that no scanner takes this file for a leak.

In a shape, `<a36>` is 36 letters and digits; the letter names the alphabet (see `_ALPHABETS`).
`<uuid>`, `<base64:90>`, `<password>` and `<jwt>` are what they say.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "b": string.ascii_letters + string.digits + "+/",
    "d": string.digits,
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "l": string.ascii_lowercase + string.digits,
    "t": string.ascii_lowercase + "234567",
    "T": string.ascii_uppercase + "234567",
    "u": string.ascii_letters + string.digits + "_-",
    "U": string.ascii_uppercase + string.digits,
    "w": string.ascii_letters + string.digits + "_",
}
_PART = re.compile(r"<([abdhHltTuUw])(\d+)>|<base64:(\d+)>|<(uuid|password|jwt|word|key)>")


@dataclass(frozen=True)
class Planted:
    """`text` is the secret in a context in which its rule applies; `secret` must disappear."""

    text: str
    secret: str


def _some(rng: Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def _fill(rng: Random, shape: str) -> str:
    def part(match: re.Match[str]) -> str:
        alphabet, length, size, name = match.groups()
        if alphabet:
            return _some(rng, _ALPHABETS[alphabet], int(length))
        if size:
            return base64.b64encode(rng.randbytes(int(size))).decode()
        return _NAMED[name](rng)

    return _PART.sub(part, shape.replace("|", ""))


def _uuid(rng: Random) -> str:
    text = _some(rng, _ALPHABETS["h"], 32)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _password(rng: Random) -> str:
    """A password as people choose it, or as a manager makes it: a digit, a letter, a symbol."""
    symbols = "!^_+.~-"
    body = _some(rng, _ALPHABETS["a"] + symbols, rng.randint(8, 20))
    return rng.choice(string.ascii_letters) + body + rng.choice("23456789") + rng.choice("!^_+~Rq")


def _word(rng: Random) -> str:
    """A password of letters alone."""
    return _some(rng, string.ascii_lowercase, rng.randint(9, 16))


def _key(rng: Random) -> str:
    """A random key of a service that gives its keys no prefix."""
    alphabet = rng.choice((_ALPHABETS["a"], _ALPHABETS["h"], _ALPHABETS["u"]))
    return rng.choice("kqz") + _some(rng, alphabet, rng.randint(19, 48)) + "7f" + rng.choice("29")


def _segment(rng: Random, start: str, size: int) -> str:
    text = start + _some(rng, _ALPHABETS["a"], size)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _jwt(rng: Random) -> str:
    head = _segment(rng, '{"alg":"HS256","kid":"', 12)
    body = _segment(rng, '{"sub":"', rng.randint(20, 80))
    return f"{head}.{body}.{_some(rng, _ALPHABETS['u'], 43)}"


_NAMED: dict[str, Callable[[Random], str]] = {
    "uuid": _uuid,
    "password": _password,
    "word": _word,
    "key": _key,
    "jwt": _jwt,
}

_ANYWHERE = (
    "{}",
    "export SERVICE={}",
    '{{"value": "{}"}}',
    "the key is {} and it works",
    "value: '{}'",
    "line one\n{}\nline three",
    "\x1b[32m{}\x1b[0m",
    r"{{\"text\": \"first\n{}\"}}",
)
"""A token with a mark of its own is known wherever it stands."""

_ASSIGNED = (
    "{name}={}",
    "export {name}={}",
    "export {name}='{}'",
    '{name}="{}"',
    '"{name}": "{}"',
    '"{name}":"{}"',
    "{name}: {}",
    "{name}: '{}'",
    "{name} => '{}'",
    '{name} := "{}"',
    'const {name} = "{}";',
    "set {name}={}",
    "docker run -e {name}={} image",
    r"{{\"{name}\": \"{}\"}}",
    r'"{{\\\"{name}\\\":\\\"{}\\\"}}"',
)
"""A token without a mark is known by the name to which it is given."""

_MARKED: dict[str, tuple[str, ...]] = {
    "age-secret-key": ("AGE-SECRET|-KEY-1<U58>",),
    "age-plugin-pq-secret-key": ("AGE-SECRET|-KEY-PQ-1<U58>",),
    "aws-access-key-id": ("AK|IA<T16>", "AS|IA<T16>"),
    "aws-bedrock-api-key": ("AB|SK<base64:96>",),
    "aws-bedrock-short-term-key": ("bedrock-api|-key-<base64:300>",),
    "google-api-key": ("AI|za<u35>",),
    "google-oauth-client-secret": ("GOC|SPX-<u28>",),
    "google-oauth-access-token": ("ya|29.<u180>", "ya|29.a0<u120>"),
    "google-oauth-refresh-token": ("1|//0<a1><u90>",),
    "azure-client-secret": ("<a3>8|Q~<u34>", "<a3>7|Q~<u31>"),
    "azure-devops-token": ("<a76>AZ|DO<a4>",),
    "azure-identifiable-key": ("<a52>JQ|QJ99<U6><a12><U4><a4>",),
    "alibaba-access-key-id": ("LT|AI5t<a18>", "LT|AI<a20>"),
    "digitalocean-token": ("dop|_v1_<h64>", "doo|_v1_<h64>", "dor|_v1_<h64>"),
    "heroku-token": ("HR|KU-<uuid>", "HR|KU-AA<u58>"),
    "flyio-token": ("fo|1_<u43>", "fm|2_<base64:300>"),
    "scaleway-access-key": ("SC|W<U17>",),
    "cloudflare-token": ("cfk|_<a48>", "cfut|_<a48>", "cfat|_<a48>"),
    "cloudflare-origin-ca-key": ("v1.|0-<h24>-<h146>",),
    "vercel-token": ("vcp|_<a56>", "vca|_<a56>", "vck|_<a56>"),
    "vercel-blob-token": ("vercel_blob|_rw_<a16>_<a30>",),
    "netlify-token": ("nfp|_<a36>", "nfc|_<a36>"),
    "supabase-token": ("sbp|_<h40>", "sb_secret|_<u22>_<a8>"),
    "planetscale-token": ("pscale|_tkn_<u43>", "pscale|_pw_<u43>"),
    "neon-api-key": ("napi|_<l64>",),
    "neon-password": ("npg|_<a12>",),
    "aiven-token": ("AVN|S_<u19>",),
    "openai-api-key": ("s|k-<a20>T3Blbk|FJ<a20>", "s|k-proj-<u74>T3Blbk|FJ<u74>"),
    "openai-project-key": ("s|k-proj-<u48>", "s|k-svcacct-<u120>", "s|k-admin-<u100>"),
    "anthropic-key": (
        "sk-|ant-api03-<u93>AA",
        "sk-|ant-admin01-<u93>AA",
        "sk-|ant-oat01-<u93>AA",
        "sk-|ant-ort01-<u93>AA",
        "sk-|ant-sid01-<u93>AA",
    ),
    "openrouter-key": ("sk-|or-v1-<h64>",),
    "langfuse-secret-key": ("sk-|lf-<uuid>",),
    "sk-key": ("s|k-<h32>", "s|k-<a48>"),
    "xai-api-key": ("xa|i-<a80>",),
    "huggingface-token": ("h|f_<a34>", "api|_org_<a34>"),
    "groq-api-key": ("gs|k_<a52>",),
    "replicate-token": ("r|8_<a37>",),
    "perplexity-api-key": ("pp|lx-<a48>", "pp|lx-<h48>"),
    "together-api-key": ("tgp|_v1_<u43>",),
    "fireworks-api-key": ("f|w_<a24>",),
    "cerebras-api-key": ("cs|k-<l48>",),
    "nvidia-api-key": ("nv|api-<u64>",),
    "elevenlabs-api-key": ("s|k_<h48>",),
    "langsmith-key": ("lsv2|_pt_<h32>_<h10>", "lsv2|_sk_<h32>_<h10>"),
    "wandb-api-key": ("wandb|_v1_<w77>",),
    "tavily-api-key": ("tv|ly-<a32>", "tv|ly-dev-<a32>"),
    "firecrawl-api-key": ("f|c-<h32>",),
    "voyage-api-key": ("p|a-<u42>X",),
    "pinecone-api-key": ("pc|sk_<a6>_<a63>",),
    "jina-api-key": ("ji|na_<h32><a28>",),
    "e2b-api-key": ("e2|b_<h40>",),
    "posthog-personal-key": ("ph|x_<a43>",),
    "github-token": ("gh|p_<a36>", "gh|o_<a36>", "gh|u_<a36>", "gh|s_<a36>", "gh|r_<a76>"),
    "github-app-jwt-token": ("gh|s_<d7>_<jwt>",),
    "github-fine-grained-token": ("github|_pat_<a22>_<a59>",),
    "gitlab-token": ("gl|pat-<u20>", "gl|pat-<u27>.01.<l9>"),
    "gitlab-other-token": (
        "gl|oas-<h64>",
        "gl|dt-<u20>",
        "gl|rt-<u20>",
        "gl|rtr-<u20>",
        "gl|cbt-<h2>_<u20>",
        "gl|ptt-<h40>",
        "gl|ft-<u20>",
        "gl|imt-<u25>",
        "gl|agent-<u50>",
        "gl|rt-t1_<u27>.01.<l9>",
    ),
    "gitlab-runner-registration-token": ("GR1348|941<u20>",),
    "bitbucket-token": ("AT|BB<a32>", "ATC|TT3xFfG<u180>"),
    "atlassian-api-token": ("ATA|TT3xFfGF0<u170>=<H8>",),
    "npm-token": ("np|m_<a36>",),
    "pypi-token": ("py|pi-AgEIcHlwaS5vcmc<u140>",),
    "crates-io-token": ("ci|o<a32>",),
    "rubygems-token": ("ruby|gems_<h48>",),
    "docker-token": ("dckr|_pat_<u27>", "dckr|_oat_<u32>"),
    "nuget-api-key": ("oy|2<t43>",),
    "terraform-cloud-token": ("<a14>.atlas|v1.<a67>",),
    "vault-token": ("hv|s.<u95>", "hv|b.<u120>", "hv|r.<u95>", "hv|s.<a24>"),
    "doppler-token": ("d|p.pt.<a43>", "d|p.st.dev_backend.<a43>", "d|p.ct.<a43>"),
    "pulumi-token": ("pu|l-<h40>",),
    "sentry-token": ("sntry|s_<a90>_<a43>", "sntry|u_<h64>"),
    "sonarqube-token": ("sq|p_<h40>", "sq|u_<h40>", "sq|a_<h40>"),
    "postman-api-key": ("PM|AK-<h24>-<h34>",),
    "buildkite-token": ("bk|ua_<h40>",),
    "circleci-token": ("CCI|PAT_<a22>_<h40>",),
    "jfrog-token": ("AK|Cp<a69>", "cmVm|dGtu<a56>"),
    "sourcegraph-token": ("sg|p_<h16>_<h40>", "sg|p_<h40>", "sg|p_local_<h40>"),
    "amp-token": ("sgamp|_user_<U26>_<h64>",),
    "figma-token": ("fi|gd_<u40>",),
    "clojars-token": ("CLO|JARS_<l60>",),
    "infracost-key": ("ic|o-<a32>",),
    "prefect-key": ("pn|u_<a36>",),
    "databricks-token": ("da|pi<h32>", "da|pi<h32>-2"),
    "grafana-token": ("gl|sa_<a32>_<h8>", "gl|c_<base64:90>", "eyJr|Ijoi<a80>"),
    "new-relic-key": ("NR|AK-<U27>",),
    "datadog-access-token": ("dd|pat_<a22>_<a32>",),
    "airtable-token": ("pa|t<a14>.<h64>",),
    "dynatrace-token": ("dt0|c01.<T24>.<T64>",),
    "clickhouse-cloud-key": ("4b|1d<a36>Zq",),
    "logfire-token": ("py|lf_v1_eu_<a43>",),
    "linear-api-key": ("lin|_api_<a40>",),
    "notion-token": ("nt|n_<d11><a35>", "secret|_<a43>"),
    "shopify-token": ("shp|at_<h32>", "shp|ca_<h32>", "shp|pa_<h32>", "shp|ss_<h32>"),
    "square-token": ("sq0|atp-<u21>Q", "sq0|csp-<u42>Q", "EA|AA<u59>Q"),
    "stripe-key": ("sk|_live_<a24>", "sk|_test_<a99>", "rk|_live_<a24>"),
    "webhook-secret": ("wh|sec_<a32>", "wh|sec_<base64:24>"),
    "twilio-api-key": ("S|K<h32>",),
    "sendgrid-key": ("S|G.<u22>.<u43>",),
    "mailgun-key": ("ke|y-<h32>",),
    "mailchimp-key": ("<h32>-|us<d1>", "<h32>-|us1<d1>"),
    "brevo-key": ("xkey|sib-<h64>-<a16>",),
    "resend-key": ("r|e_<a8>_<a24>",),
    "slack-token": (
        "xo|xb-<d12>-<d12>-<a24>",
        "xo|xp-<d12>-<d12>-<d12>-<h32>",
        "xo|xa-2-<d12>-<d12>-<h32>",
        "xo|xe-1-<a146>",
        "xo|xe.xoxp-1-<a166>",
        "xo|xs-<d12>-<d12>-<d12>-<h10>",
    ),
    "slack-app-token": ("xa|pp-1-A<U10>-<d13>-<h64>",),
    "discord-bot-token": ("M<a25>.<u6>.<u37>X", "N<a23>.<u6>.<u26>X"),
    "telegram-bot-token": ("<d10>:A|A<u32>s", "<d9>:A|A<u32>s"),
    "mapbox-token": ("sk.|eyJ1<a70>.<u22>",),
    "tailscale-key": ("ts|key-auth-k<a10>CNTRL-<a32>", "ts|key-api-k<a10>CNTRL-<a32>"),
    "onepassword-service-token": ("ops|_eyJ<a600>",),
    "onepassword-secret-key": (
        "A|3-<U6>-<U11>-<U5>-<U5>-<U5>",
        "A|3-<U6>-<U6>-<U5>-<U5>-<U5>-<U5>",
    ),
    "typeform-token": ("tf|p_<u44>_<a12>",),
    "dropbox-token": ("s|l.<u135>", "s|l.u.<u600>"),
    "facebook-token": ("EA|A<a180>",),
    "adafruit-key": ("ai|o_<a28>",),
    "flutterwave-key": ("FLW|SECK_TEST-<h32>-X",),
    "plaid-token": ("access|-sandbox-<uuid>",),
    "easypost-key": ("EZ|AK<a54>", "EZ|TK<a54>"),
    "frameio-token": ("fio|-u-<u64>",),
    "duffel-token": ("duffel|_test_<u43>", "duffel|_live_<u43>"),
    "contentful-token": ("CF|PAT-<u43>",),
    "readme-key": ("rd|me_<l70>",),
    "asana-token": ("2|/<d16>:<h32>", "2|/<d16>/<d16>:<h32>"),
    "hubspot-token": ("pat|-na1-<uuid>", "pat|-eu1-<uuid>"),
    "intercom-token": ("dG9|rO<a54>=",),
    "klaviyo-key": ("p|k_<h34>",),
    "jwt": ("<jwt>",),
    "jwe": ("eyJ|hbGciOiJSU0EtT0FFUCJ9.<u342>.<u16>.<u80>.<u22>",),
    "password-hash": (
        "$2|b$12$<a53>",
        "$6|$<a16>$<a86>",
        "$argon|2id$v=19$m=65536,t=3,p=4$<a22>$<a43>",
    ),
}

_NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws-secret-access-key": (
        ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", "SecretAccessKey", "secretAccessKey"),
        ("<b39>Z",),
    ),
    "aws-session-token": (("AWS_SESSION_TOKEN", "SessionToken"), ("IQoJ|b3JpZ2lu<b400>",)),
    "azure-shared-access-key": (("SharedAccessKey", "shared_access_key"), ("<base64:32>",)),
    "azure-devops-pat": (("AZURE_DEVOPS_EXT_PAT", "azdoToken", "VSTS_TOKEN"), ("<t52>",)),
    "alibaba-access-key-secret": (
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "accessKeySecret", "aliyun_secret"),
        ("<a30>",),
    ),
    "heroku-api-key": (("HEROKU_API_KEY", "herokuApiKey", "heroku_token"), ("<uuid>",)),
    "linode-token": (("LINODE_TOKEN", "linode_api_key", "linodeToken"), ("<h64>",)),
    "hetzner-token": (("HCLOUD_TOKEN", "hcloud_token", "HETZNER_API_TOKEN"), ("<a64>",)),
    "cloudflare-api-token": (
        ("CLOUDFLARE_API_TOKEN", "CF_API_TOKEN", "cloudflareApiKey"),
        ("<u39>Q", "<h37>"),
    ),
    "fastly-token": (("FASTLY_API_TOKEN", "fastly_key", "fastlyApiKey"), ("<u31>Q",)),
    "vercel-access-token": (("VERCEL_TOKEN", "vercel_token", "vercelToken"), ("<a24>",)),
    "upstash-token": (
        ("UPSTASH_REDIS_REST_TOKEN", "KV_REST_API_TOKEN", "upstashToken"),
        ("AX<base64:42>",),
    ),
    "algolia-api-key": (("ALGOLIA_ADMIN_KEY", "algoliaApiKey", "algolia_api_key"), ("<h32>",)),
    "mistral-api-key": (("MISTRAL_API_KEY", "mistral_api_key", "mistralApiKey"), ("<a32>",)),
    "cohere-api-key": (("COHERE_API_KEY", "CO_API_KEY", "cohereApiKey"), ("<a40>",)),
    "together-hex-key": (("TOGETHER_API_KEY", "together_api_key", "togetherApiKey"), ("<h64>",)),
    "elevenlabs-hex-key": (("ELEVENLABS_API_KEY", "xi-api-key", "elevenLabsApiKey"), ("<h32>",)),
    "wandb-hex-key": (("WANDB_API_KEY", "wandb_api_key", "wandbKey"), ("<h40>",)),
    "exa-api-key": (("EXA_API_KEY", "exa_api_key", "exaApiKey"), ("<uuid>",)),
    "snyk-token": (("SNYK_TOKEN", "snyk_api_key", "snykToken"), ("<uuid>",)),
    "datadog-key": (("DD_API_KEY", "DATADOG_APP_KEY", "datadogApiKey"), ("<h32>", "<h40>")),
    "pagerduty-key": (("PAGERDUTY_TOKEN", "pagerduty_api_key", "pagerDutyKey"), ("u+<a17>7",)),
    "twilio-auth-token": (("TWILIO_AUTH_TOKEN", "twilioAuthToken", "twilio_secret"), ("<h32>",)),
    "mailgun-hex-key": (("MAILGUN_API_KEY", "mailgun_key", "mailgunApiKey"), ("<h32>-<h8>-<h8>",)),
    "auth0-okta-secret": (
        ("AUTH0_CLIENT_SECRET", "OKTA_API_TOKEN", "oktaClientSecret"),
        ("00<u39>Q", "<u63>Q"),
    ),
    "ngrok-token": (("NGROK_AUTHTOKEN", "ngrok_token", "ngrokKey"), ("<a27>_<a21>",)),
}

_ENV = ("DB_PASSWORD", "GITHUB_TOKEN", "MY_API_KEY", "SECRET_KEY", "SMTP_PASS", "SIGNING_KEY_2")
_PASSWORDS = ("password", "dbPassword", "admin_passwd", "smtp-password", "passphrase", "userPwd")
_SECRETS = ("token", "apiKey", "api_key", "client-secret", "accessToken", "signing_key", "authKey")

_Form = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

_FORMS: dict[str, _Form] = {
    # Each rule has its contexts, the names that stand in them, and the shapes of the secret.
    "azure-storage-account-key": (
        (
            "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={};EndpointSuffix=x",
            '"accountKey": "{}"',
            "AccountKey={}",
        ),
        (),
        ("<base64:64>",),
    ),
    "azure-sas-signature": (
        (
            "https://acme.blob.core.windows.net/c?sv=2024-11-04&se=2027-01-01&sr=c&sp=r&sig={}",
            "?sv=2024&sig={}&spr=https",
            "SharedAccessSignature sr=x&sig={}&se=1",
        ),
        (),
        ("<a43>%3D", "<a20>%2B<a20>%2F<a1>%3D"),
    ),
    "npmrc-auth": (
        (
            "//registry.npmjs.org/:_authToken={}",
            "//npm.acme.dev/:_password={}",
            "_auth={}",
            '//npm.acme.dev/:_authToken="{}"',
        ),
        (),
        ("<uuid>", "<base64:24>", "<a36>"),
    ),
    "docker-config-auth": (
        (
            '{{"auths": {{"ghcr.io": {{"auth": "{}"}}}}}}',
            '\t\t"auth": "{}"',
            r"{{\"auths\":{{\"x\":{{\"auth\":\"{}\"}}}}}}",
            '"identitytoken": "{}"',
        ),
        (),
        ("<base64:30>",),
    ),
    "slack-webhook": (
        (
            "https://hooks.slack.com/services/{}",
            "url: https://hooks.slack.com/services/{}",
            "curl hooks.slack.com/services/{} -d x",
        ),
        (),
        ("T<U10>/B<U10>/<a24>",),
    ),
    "discord-webhook": (
        (
            "https://discord.com/api/webhooks/123456789012345678/{}",
            "https://discordapp.com/api/webhooks/1234567890123456789/{}",
            "curl https://discord.com/api/v10/webhooks/123456789012345678/{} -d x",
        ),
        (),
        ("<u68>",),
    ),
    "teams-webhook": (
        (
            "https://acme.webhook.office.com/webhookb2/{}",
            "https://outlook.office.com/webhook/{}",
            '"url": "https://acme.webhook.office.com/webhookb2/{}"',
        ),
        (),
        ("<uuid>@<uuid>/Incoming|Webhook/<h32>/<uuid>",),
    ),
    "twitter-bearer-token": (
        ("{}", "BEARER={}", 'bearer = "{}"'),
        (),
        ("AAAAAAAAAAAAAAAAAAAAA|<a22>%2B<a26>%3D<a40>",),
    ),
    "authorization-header": (
        (
            "Authorization: Bearer {}",
            "Authorization: Basic {}",
            "authorization: token {}",
            'curl -H "Authorization: Bearer {}" https://x',
            "headers = {{'Authorization': 'Bearer {}'}}",
            r'"{{\"Authorization\":\"Basic {}\"}}"',
        ),
        (),
        ("<base64:24>", "<a30>7"),
    ),
    "authorization-header-bare": (
        (
            "Authorization: {}",
            '"Authorization": "{}"',
            "curl -H 'authorization: {}' https://x",
        ),
        (),
        ("<a40>7",),
    ),
    "bearer-token": (
        ("-H 'x: Bearer {}'", 'token = "Bearer {}"', "sent Bearer {} to the server"),
        (),
        ("<a40>7", "<u39>7"),
    ),
    "secret-header": (
        (
            "X-Api-Key: {}",
            "curl -H 'PRIVATE-TOKEN: {}' https://x",
            '"x-auth-token": "{}"',
            "-H 'api-key: {}'",
            r"{{\"x-goog-api-key\":\"{}\"}}",
        ),
        (),
        ("<a30>7", "<h32>7f"),
    ),
    "cookie-header": (
        ("Cookie: {}", "curl -H 'Cookie: {}' https://x", '"cookie": "{}"'),
        (),
        ("sid=<a32>7; theme=dark", "_ga=GA1.2.<d9>; auth=<h40>7"),
    ),
    "set-cookie": (
        (
            "Set-Cookie: session={}; Path=/; HttpOnly",
            "< set-cookie: auth_token={}; Secure",
            '"Set-Cookie": "id={}; Path=/"',
        ),
        (),
        ("<a32>7", "s%3A<a32>.<a40>7"),
    ),
    "session-cookie": (
        ("PHPSESSID={}", "document.cookie = 'connect.sid={}'", "sessionid={}; x=y"),
        (),
        ("<a32>7", "s%3A<a31>.<a40>7"),
    ),
    "url-password": (
        (
            "postgres://app:{}@db.acme.dev:5432/app",
            "redis://:{}@cache:6379/0",
            "DATABASE_URL=mysql://root:{}@127.0.0.1/x",
            "mongodb+srv://u:{}@c0.abcde.mongodb.net/?retryWrites=true",
            "git clone https://bot:{}@git.acme.dev/x.git",
            "amqp://guest:{}@mq:5672//",
            r"\"url\": \"https:\/\/u:{}@h\/p\"",
        ),
        (),
        ("<password>", "<a12>%40<a4>%2F7", "<word>"),
    ),
    "url-user-token": (
        (
            "git clone https://{}@git.acme.dev/x.git",
            "https://{}:x-oauth-basic@git.acme.dev/x.git",
            "remote: https://{}@dev.acme.dev",
        ),
        (),
        ("<a40>7",),
    ),
    "url-query-secret": (
        (
            "https://api.acme.dev/v1?access_token={}",
            "GET /v1/items?page=2&api_key={} HTTP/1.1",
            "https://s3.acme.dev/b/k?X-Amz-Expires=900&X-Amz-Signature={}",
            "wss://acme.dev/socket?token={}&v=1",
        ),
        (),
        ("<h63>7", "<a30>7"),
    ),
    "connection-string-password": (
        (
            "Server=tcp:db.acme.dev,1433;Database=x;User ID=sa;Password={};Encrypt=True",
            "Driver={{ODBC}};Server=db;Uid=sa;Pwd={};",
            "jdbc:sqlserver://db:1433;user=sa;password={};encrypt=true",
        ),
        (),
        ("<password>", "<word>"),
    ),
    "dsn-password": (
        (
            "host=db user=app password={} dbname=x",
            "user=app host=db port=5432 password='{}'",
            'psql "host=db dbname=x user=app password={}"',
        ),
        (),
        ("<password>", "<word>"),
    ),
    "dsn-password-first": (
        ("password={} user=app host=db", "password={} host=db", "password='{}' dbname=x"),
        (),
        ("<password>", "<word>"),
    ),
    "go-mysql-dsn": (
        ("app:{}@tcp(127.0.0.1:3306)/x", '"app:{}@tcp(db:3306)/x?a=b"', "DSN=app:{}@unix(/s)/x"),
        (),
        ("<password>", "<word>"),
    ),
    "curl-user": (
        (
            "curl -u admin:{} https://acme.dev",
            "curl -s --user 'bot:{}' https://acme.dev",
            'curl https://acme.dev -u "x:{}"',
        ),
        (),
        ("<password>", "<a24>"),
    ),
    "command-line-password": (
        (
            "sshpass -p {} ssh root@host",
            "mysql -u root -p{} app",
            "redis-cli -h cache -a {} ping",
            "docker login -u bot -p {} ghcr.io",
            "mysqldump -h db -uroot -p'{}' app > x.sql",
        ),
        (),
        ("<password>", "<word>"),
    ),
    "command-line-secret": (
        (
            "tool --password {} --x",
            "tool --password={}",
            'tool --api-key "{}"',
            '["tool", "--token", "{}"]',
            "tool --db-password '{}'",
            "tool --client-secret {}",
        ),
        (),
        ("<password>", "<key>"),
    ),
    "netrc-password": (
        (
            "machine git.acme.dev login bot password {}",
            "default login anonymous password {}",
            "machine h\tlogin u\tpassword {}\n",
        ),
        (),
        ("<password>", "<word>"),
    ),
    "netrc-password-line": (
        (
            "machine h\n  login u\n  password {}\n",
            "machine h\nlogin u\npassword {}",
            "     3\tpassword {}",
        ),
        (),
        ("<password>",),
    ),
    "pgpass": (
        ("db.acme.dev:5432:app:bot:{}", "*:5432:*:postgres:{}\n", "localhost:5433:x:y:{}"),
        (),
        ("<password>", "<word>"),
    ),
    "xml-element-secret": (
        (
            "<password>{}</password>",
            "<server><password>{}</password></server>",
            "<apiKey>{}</apiKey>",
        ),
        (),
        ("<password>", "<key>"),
    ),
    "xml-attribute-secret": (
        (
            '<add key="ClearTextPassword" value="{}" />',
            '<add name="ApiToken" value="{}" />',
            r"<add key=\"Api_Key\" value=\"{}\" />",
        ),
        (),
        ("<password>", "<key>"),
    ),
    "env-secret": (
        (
            "{name}={}",
            "export {name}={}",
            "set {name}={}",
            "docker run -e {name}={} image",
            "A=1\n{name}={}\nB=2",
            r"{{\"env\": \"A=1\n{name}={}\n\"}}",
        ),
        _ENV,
        ("<password>", "<key>"),
    ),
    "env-secret-double-quoted": (
        ('{name}="{}"', 'export {name}="{}"', r"\"run\": \"{name}=\\\"{}\\\" tool\""),
        _ENV,
        ("<password>", "<key>"),
    ),
    "env-secret-single-quoted": (
        ("{name}='{}'", "export {name}='{}'", '{{"run": "{name}=\'{}\' tool"}}'),
        _ENV,
        ("<password>", "<key>"),
    ),
}
_QUOTED = (
    "{name}: {q}{}{q}",
    "{q}{name}{q}: {q}{}{q}",
    "{q}{name}{q}:{q}{}{q}",
    "{name} = {q}{}{q}",
    "{name} => {q}{}{q},",
    "{name} := {q}{}{q}",
    "const {name} = {q}{}{q};",
    "config[{q}{name}{q}] = {q}{}{q}",
    r"\{q}{name}\{q}: \{q}{}\{q}",
    r"\\\{q}{name}\\\{q}:\\\{q}{}\\\{q}",
)
_LINES = (
    "{name}: {}",
    "  {name}: {}\n",
    "{name} = {}",
    "    12\t  {name}: {}",
    "+{name}: {}",
    "{name}={}",
)
_MIDDLE = ("run with {name}={} now", "a=b,{name}={}", "tool -o {name}={} -v")
for _kind, _names, _shape in (
    ("password", _PASSWORDS, "<password>"),
    ("secret", _SECRETS, "<key>"),
):
    for _word_, _mark in (("double", '"'), ("single", "'")):
        _FORMS[f"{_kind}-{_word_}-quoted"] = (
            tuple(form.replace("{q}", _mark) for form in _QUOTED),
            _names,
            (_shape,),
        )
    _FORMS[f"{_kind}-bare"] = (_LINES, _names, (_shape,))
    _FORMS[f"{_kind}-inline"] = (_MIDDLE, _names, (_shape,))

_LABELS = ("RSA ", "EC ", "DSA ", "ENCRYPTED ", "OPENSSH ", "")
_QUOTES: tuple[Callable[[int, str], str], ...] = (
    lambda _, line: line,
    lambda _, line: "    " + line,
    lambda number, line: f"{number:6}\t{line}",
    lambda number, line: f"{number:6}→{line}",
    lambda number, line: f"{number:3} | {line}",
    lambda _, line: "> " + line,
    lambda _, line: "+" + line,
    lambda _, line: "-" + line,
    lambda _, line: "| " + line,
)


def _body(rng: Random, size: int, width: int = 64) -> list[str]:
    text = base64.b64encode(rng.randbytes(size)).decode()
    return [text[at : at + width] for at in range(0, len(text), width)]


def _armour(label: str, *, end: bool = False) -> str:
    return "-" * 5 + ("END " if end else "BEGIN ") + label + "-" * 5


def _private_key(rng: Random) -> Planted:
    """The secret is the lines of the body, joined by newlines as they are written."""
    label = rng.choice((*(name + "PRIVATE KEY" for name in _LABELS), "PGP PRIVATE KEY BLOCK"))
    body = _body(rng, rng.choice((48, 121, 608, 1190)), rng.choice((64, 70)))
    lines = [_armour(label), *body]
    if label.startswith("PGP"):
        lines[1:1] = ["Version: GnuPG v2", ""]
    if rng.random() < 0.8:  # else the output was cut
        lines.append(_armour(label, end=True))
    escape = rng.choice((None, None, None, r"\n", r"\\n", r"\r\n", "\r\n"))
    if escape:
        return Planted(f'"private_key": "{escape.join(lines)}"', escape.join(body))
    quote = rng.choice(_QUOTES)
    at = lines.index(body[0])
    quoted = [quote(number, line) for number, line in enumerate(lines, 1)]
    secret = "\n".join(quoted[at : at + len(body)])
    return Planted("cat key.pem\n" + "\n".join(quoted), secret[secret.index(body[0]) :])


def _putty(rng: Random) -> Planted:
    body = _body(rng, rng.choice((120, 600)))
    head = f"Public-Lines: 1\nAAAAB3Nz\nPrivate-Lines: {len(body)}\n"
    return Planted(head + "\n".join(body) + "\nPrivate-MAC: 0123", "\n".join(body))


def _encoded_key(rng: Random) -> Planted:
    label = rng.choice(_LABELS) + "PRIVATE KEY"
    block = "\n".join((_armour(label), *_body(rng, 600), _armour(label, end=True), ""))
    secret = base64.b64encode(block.encode()).decode()
    return Planted(
        rng.choice(("tls.key: {}", "client-key-data: {}", '"key": "{}"')).format(secret), secret
    )


_MAKERS: dict[str, Callable[[Random], Planted]] = {
    "private-key": _private_key,
    "putty-private-key": _putty,
    "base64-private-key": _encoded_key,
}
SPANS_LINES = frozenset(("private-key", "putty-private-key"))


def plant(rule: str, rng: Random) -> Planted:
    """A fake secret that the rule must find, in one of the contexts in which it may stand."""
    if rule in _MAKERS:
        return _MAKERS[rule](rng)
    if rule in _MARKED:
        form: _Form = (_ANYWHERE, ("",), _MARKED[rule])
    elif rule in _NAMES:
        form = (_ASSIGNED, *_NAMES[rule])
    else:
        form = _FORMS[rule]
    contexts, names, shapes = form
    secret = _fill(rng, rng.choice(shapes))
    return Planted(rng.choice(contexts).format(secret, name=rng.choice(names or ("",))), secret)


RULES: tuple[str, ...] = (
    "private-key",
    "putty-private-key",
    "base64-private-key",
    "age-secret-key",
    "age-plugin-pq-secret-key",
    "aws-access-key-id",
    "aws-secret-access-key",
    "aws-session-token",
    "aws-bedrock-api-key",
    "aws-bedrock-short-term-key",
    "google-api-key",
    "google-oauth-client-secret",
    "google-oauth-access-token",
    "google-oauth-refresh-token",
    "azure-storage-account-key",
    "azure-shared-access-key",
    "azure-sas-signature",
    "azure-client-secret",
    "azure-devops-token",
    "azure-devops-pat",
    "azure-identifiable-key",
    "alibaba-access-key-id",
    "alibaba-access-key-secret",
    "digitalocean-token",
    "heroku-token",
    "heroku-api-key",
    "flyio-token",
    "linode-token",
    "hetzner-token",
    "scaleway-access-key",
    "cloudflare-token",
    "cloudflare-origin-ca-key",
    "cloudflare-api-token",
    "fastly-token",
    "vercel-token",
    "vercel-access-token",
    "vercel-blob-token",
    "netlify-token",
    "supabase-token",
    "planetscale-token",
    "neon-api-key",
    "neon-password",
    "upstash-token",
    "algolia-api-key",
    "aiven-token",
    "openai-api-key",
    "openai-project-key",
    "anthropic-key",
    "openrouter-key",
    "langfuse-secret-key",
    "sk-key",
    "xai-api-key",
    "huggingface-token",
    "groq-api-key",
    "mistral-api-key",
    "cohere-api-key",
    "replicate-token",
    "perplexity-api-key",
    "together-api-key",
    "together-hex-key",
    "fireworks-api-key",
    "cerebras-api-key",
    "nvidia-api-key",
    "elevenlabs-api-key",
    "elevenlabs-hex-key",
    "langsmith-key",
    "wandb-api-key",
    "wandb-hex-key",
    "tavily-api-key",
    "firecrawl-api-key",
    "exa-api-key",
    "voyage-api-key",
    "pinecone-api-key",
    "jina-api-key",
    "e2b-api-key",
    "posthog-personal-key",
    "github-token",
    "github-app-jwt-token",
    "github-fine-grained-token",
    "gitlab-token",
    "gitlab-other-token",
    "gitlab-runner-registration-token",
    "bitbucket-token",
    "atlassian-api-token",
    "npm-token",
    "npmrc-auth",
    "pypi-token",
    "crates-io-token",
    "rubygems-token",
    "docker-token",
    "docker-config-auth",
    "nuget-api-key",
    "terraform-cloud-token",
    "vault-token",
    "doppler-token",
    "pulumi-token",
    "sentry-token",
    "sonarqube-token",
    "snyk-token",
    "postman-api-key",
    "buildkite-token",
    "circleci-token",
    "jfrog-token",
    "sourcegraph-token",
    "amp-token",
    "figma-token",
    "clojars-token",
    "infracost-key",
    "prefect-key",
    "databricks-token",
    "grafana-token",
    "new-relic-key",
    "datadog-key",
    "datadog-access-token",
    "pagerduty-key",
    "airtable-token",
    "dynatrace-token",
    "clickhouse-cloud-key",
    "logfire-token",
    "linear-api-key",
    "notion-token",
    "shopify-token",
    "square-token",
    "stripe-key",
    "webhook-secret",
    "twilio-api-key",
    "twilio-auth-token",
    "sendgrid-key",
    "mailgun-key",
    "mailgun-hex-key",
    "mailchimp-key",
    "brevo-key",
    "resend-key",
    "slack-token",
    "slack-app-token",
    "slack-webhook",
    "discord-bot-token",
    "discord-webhook",
    "telegram-bot-token",
    "teams-webhook",
    "mapbox-token",
    "auth0-okta-secret",
    "tailscale-key",
    "ngrok-token",
    "onepassword-service-token",
    "onepassword-secret-key",
    "typeform-token",
    "dropbox-token",
    "facebook-token",
    "twitter-bearer-token",
    "adafruit-key",
    "flutterwave-key",
    "plaid-token",
    "easypost-key",
    "frameio-token",
    "duffel-token",
    "contentful-token",
    "readme-key",
    "asana-token",
    "hubspot-token",
    "intercom-token",
    "klaviyo-key",
    "jwt",
    "jwe",
    "authorization-header",
    "authorization-header-bare",
    "bearer-token",
    "secret-header",
    "cookie-header",
    "set-cookie",
    "session-cookie",
    "url-password",
    "url-user-token",
    "url-query-secret",
    "connection-string-password",
    "dsn-password",
    "dsn-password-first",
    "go-mysql-dsn",
    "curl-user",
    "command-line-password",
    "command-line-secret",
    "netrc-password",
    "netrc-password-line",
    "pgpass",
    "xml-element-secret",
    "xml-attribute-secret",
    "password-hash",
    "env-secret",
    "env-secret-double-quoted",
    "env-secret-single-quoted",
    "password-double-quoted",
    "password-single-quoted",
    "secret-double-quoted",
    "secret-single-quoted",
    "password-bare",
    "password-inline",
    "secret-bare",
    "secret-inline",
)


def _hollow(shape: str, fill: Callable[[int], str]) -> str:
    """A shape whose random parts are filled by a rule instead of by chance."""
    return _PART.sub(lambda match: fill(int(match[2] or match[3] or 40)), shape.replace("|", ""))


def _near_misses(rule: str) -> tuple[str, ...]:
    """The shape of a rule without a secret in it: too short, blotted out, or a reference."""
    if rule in _MARKED:
        shape = _MARKED[rule][0]
        if rule.startswith("jw"):
            return "eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "hbGciOiJIUzI1NiJ9.payload.signature"
        return _hollow(shape, lambda _: "ab"), "key: " + _hollow(shape, lambda size: "x" * size)
    if rule in _NAMES:
        name = _NAMES[rule][0][0]
        return f"{name}=${{{name}}}", f"{name}: <your-key>", f'{name} = os.environ["{name}"]'
    contexts, names, _ = _FORMS[rule]
    name = names[0] if names else ""
    return tuple(
        form.format(value, name=name)
        for form in contexts[:3]
        for value in ("${SECRET}", "[REDACTED:x]", "<secret>")
    )


def _digest(length: int, seed: int = 0) -> str:
    return _some(Random(seed), _ALPHABETS["h"], length)


def _random(kind: str, length: int, seed: int = 0) -> str:
    return _some(Random(seed), _ALPHABETS[kind], length)


def _certificate(label: str) -> str:
    return "\n".join((_armour(label), *_body(Random(3), 600), _armour(label, end=True)))


_GENERAL: tuple[str, ...] = (
    # Digests and ids
    _uuid(Random(1)),
    f"token_id: {_uuid(Random(2))}",
    "01JD5M8Q2N7V4W6X9Y0Z1A2B3C",
    f"commit {_digest(40)}",
    f"{_digest(7)} Fix the parser of tokens",
    f"index {_digest(7)}..{_digest(7, 1)} 100644",
    f"sha256:{_digest(64)}",
    f"{_digest(64)}  secret.txt",
    f'"etag": "{_digest(32)}"',
    f'"blake3": "{_digest(64)}"',
    f"{_digest(128)}",
    f"FROM docker.io/library/alpine:3.20@sha256:{_digest(64)}",
    f"docker://alpine:3.20@sha256:{_digest(64)}",
    f"md5 = {_digest(32)}",
    # Lock files
    f'"integrity": "sha512-{_random("b", 86)}=="',
    f"    --hash=sha256:{_digest(64)}",
    f'checksum = "{_digest(64)}"',
    f"github.com/x/token v1.2.3 h1:{_random('b', 43)}=",
    f'  resolved "https://registry.yarnpkg.com/js-tokens/-/js-tokens-4.0.0.tgz#{_digest(40)}"',
    '"js-tokens": "^3.0.0 || ^4.0.0",',
    '"@types/jsonwebtoken": "^9.0.6",',
    'tokenizers = "0.19.1"',
    f'name = "secrecy"\nversion = "0.8.0"\nchecksum = "{_digest(64)}"',
    # Blobs
    f"data:image/png;base64,iVBORw0KGgo{_random('b', 3000)}",
    f'"signature": "Eq{_random("b", 700)}=="',
    f'"encrypted_content": "gAAAAA{_random("u", 900)}=="',
    f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{_random('b', 43)} me@host",
    f"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{_random('b', 340)}= me@host",
    _certificate("CERTIFICATE"),
    _certificate("PUBLIC KEY"),
    _certificate("RSA PUBLIC KEY"),
    _certificate("CERTIFICATE REQUEST"),
    _certificate("PGP PUBLIC KEY BLOCK"),
    "if text.startswith('" + _armour("PRIVATE KEY") + "'):",
    _armour("RSA PRIVATE KEY") + "\n...\n" + _armour("RSA PRIVATE KEY", end=True),
    # Code
    "password: string;",
    "password: str = Field(min_length=8)",
    "token = parse_token(stream)",
    'token = request.headers["authorization"]',
    '"token": "identifier"',
    '"tokenType": "Bearer"',
    "max_tokens: 4096",
    '"input_tokens": 18231, "cache_creation_input_tokens": 5512',
    "MAX_TOKENS=200000",
    "TOKEN_COUNT=123456789",
    "const secret = process.env.SESSION_SECRET_V2;",
    "api_key=os.environ['OPENAI_API_KEY']",
    "api_key = settings.openai.api_key_2024",
    "secretName: my-app-tls-2024",
    "secretKeyRef: {name: db-2, key: password}",
    "password=password, token=token",
    "self.token = Token(kind=7, value=11)",
    "client_secret=client_secret_v2",
    'public_key = "MCowBQYDK2VwAyEA1234567890abcdef"',
    'cache_key = "user:42:profile:v3"',
    'primary_key = "id_2024_01"',
    'key: "value"',
    '"author": "Jane Doe 1984 <jane@acme.dev>"',
    "keyboard: us-intl-105",
    "tokenizer: gpt2-medium-345m",
    'nextPageToken: "CAUQAA2b7c8d9e"',
    'page_token = "eyJsYXN0IjoxMjN9abc"',
    'token: "color.blue.500"',
    'token: "--spacing-16"',
    '"password": "/etc/app/password.txt"',
    'token_file = "/var/run/secrets/k8s-2/token"',
    '"tokenUrl": "https://auth.acme.dev/oauth2/v2.0/token"',
    'password: "op://vault/item-2/password"',
    "DB_PASSWORD=${DB_PASSWORD:-}",
    "DB_PASSWORD=$(cat /run/secrets/db)",
    "PASSWORD=%DB_PASSWORD%",
    'TOKEN="{{ vault_token }}"',
    "API_KEY=your-api-key-here",
    "API_KEY=<your-api-key>",
    "GITHUB_TOKEN=ghp_" + "x" * 36,
    "PASSWORD=changeme",
    "SECRET_KEY_FILE=/run/secrets/key1",
    "PWD=/home/dev/project-2",
    "OLDPWD=/home/dev/project-1",
    "TOKEN_TTL_SECONDS=3600",
    "AWS_ACCESS_KEY_ID=AKIA" + "IOSFODNN7EXAMPLE",
    # Headers and URLs
    "Authorization: Bearer $TOKEN",
    "Authorization: Bearer <token>",
    'headers["Authorization"] = f"Bearer {token}"',
    "Authorization: Bearer YOUR_ACCESS_TOKEN",
    "the Bearer authentication-scheme-of-rfc-6750 is",
    "Cookie: theme=dark; lang=en",
    "Set-Cookie: theme=dark; Path=/",
    "https://registry.npmjs.org:443/@scope/pkg",
    "http://localhost:3000/@vite/client",
    "postgres://user:${DB_PASSWORD}@db/app",
    "postgres://user:password@localhost/app",
    "https://user:<password>@host/x",
    "ssh://git@github.com:22/acme/x.git",
    "git@github.com:acme/x.git",
    "https://acme.dev/search?token=abc&page=2",
    "curl -u $USER:$PASS https://acme.dev",
    "curl -o out.tgz -L https://acme.dev/x-1.2.3.tgz",
    "tool --token $TOKEN --password <password>",
    "mysql -u root -p app < dump.sql",
    # Words with a prefix of a token inside
    "task-0123456789abcdef0123456789abcdef.output",
    "risk-assessment-of-the-2024-desk-top-models",
    ".sk-circle .sk-child-12:before",
    "sk-learn-contrib-2024-release-notes-final-12",
    "whisk-broom-desk-lamp-disk-usage-2024-12-31",
    "src/hf_transformers_model_configuration_utils.py",
    "npm_config_registry_and_cache_location_dir",
    # What has been redacted
    "password: [REDACTED:password]",
    "GITHUB_TOKEN=[REDACTED:github-token]",
    "REDACTED",
    '"apiKey": "***"',
)

NEAR_MISSES: dict[str, tuple[str, ...]] = {
    "": _GENERAL,
    **{rule: _near_misses(rule) for rule in RULES if rule not in _MAKERS},
    "private-key": (_certificate("EC PUBLIC KEY"), _armour("PRIVATE KEY") + "\n\n# nothing here"),
    "putty-private-key": ("Private-Lines: 14", "Public-Lines: 6\nAAAAB3NzaC1yc2EAAAADAQAB"),
    "base64-private-key": (
        base64.b64encode(_certificate("CERTIFICATE").encode()).decode(),
        base64.b64encode(_certificate("PUBLIC KEY").encode()).decode(),
    ),
}
