"""The page of an administrator's one-time link, which sets the password. It is a substitute until there is a console."""

from __future__ import annotations

from string import Template

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.application_state import TheApplication

router = APIRouter(include_in_schema=False)

_PAGE = Template("""<!doctype html>
<html lang="pt-BR">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Atende: primeiro acesso</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 12vh auto; padding: 0 1rem; color: #1f2933 }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
input, button { padding: .6rem; margin: .3rem 0 1rem; border: 1px solid #9aa5b1; border-radius: 6px }
button { background: #0b69a3; border-color: #0b69a3; color: #fff; cursor: pointer }
small, p { color: #52606d } #said { color: #1f2933; font-weight: 600 }
</style>
<h1>Definir senha</h1>
<form>
<label for="password">Nova senha</label>
<input id="password" type="password" minlength="$shortest" maxlength="$longest" autocomplete="new-password" required autofocus>
<small>$rule</small>
<p><button>Definir</button></p>
</form>
<p id="said" role="status"></p>
<script src="/first-access.js"></script>
</html>
""")
_RULES = {
    "manual": (
        "6",
        "20",
        "6 a 20 caracteres: letra maiúscula e minúscula, número, um de $ * &amp; @ # ?, sem caractere repetido em sequência.",
    ),
    "nist": (
        "12",
        "128",
        "12 a 128 caracteres, difíceis de adivinhar: sem seu nome, o da empresa, senhas comuns, sequências ou repetições.",
    ),
}

_SCRIPT = """const form = document.querySelector("form"), said = document.getElementById("said");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ token: location.hash.slice(1), password: form.querySelector("input").value });
  const answer = await fetch("/v1/auth/password", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (answer.status === 204) { said.textContent = "Senha definida. Já pode entrar."; form.remove(); return; }
  said.textContent = { 409: "Este link já foi usado ou expirou: peça outro.", 422: "A senha não cumpre as regras acima.",
    429: "Muitas tentativas: aguarde um pouco." }[answer.status] || "Não foi possível definir a senha.";
});
"""
"""In a file of its own: the content security policy forbids scripts in the text of a page."""


@router.get("/first-access")
async def first_access(application: TheApplication) -> HTMLResponse:
    """The token is in the fragment (`#`) of the link, so no server and no log sees it before it is used."""
    shortest, longest, rule = _RULES[application.center.password_policy]
    return HTMLResponse(_PAGE.substitute(shortest=shortest, longest=longest, rule=rule), headers={"Cache-Control": "no-store"})


@router.get("/first-access.js")
async def script() -> Response:
    """Sends the password that was entered, with the token of the link."""
    return Response(_SCRIPT, media_type="text/javascript")
