"""Certificates of custom domain names, and trust stores of their callers' certificates."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from portal.console.domain_forms import PemForm, SelfSignedForm, TruststoreForm
from portal.console.gate import Console, console_page
from portal.console.paging import page_of_items

SECTION = "certificates"
_OURS = "gatehouse"


@console_page("GET")
def certificates(console: Console) -> HttpResponseBase:
    """Certificates and trust stores, with what ends soon."""
    certificates = console.call("ListCertificates", {}, _OURS)["items"]
    truststores = console.call("ListTruststores", {}, _OURS)["items"]
    return console.page(
        "console/certificates.html",
        section=SECTION,
        certificates=page_of_items(console, ((one["certificateArn"], one) for one in certificates)),
        truststores=page_of_items(
            console,
            ((f"{one['truststoreUri']} {one.get('truststoreVersion', '')}", one) for one in truststores),
            "store",
        ),
    )


@sensitive_post_parameters("private_key")
@console_page("GET", "POST")
def import_certificate(console: Console) -> HttpResponseBase:
    """Bring a certificate, or renew the one that `arn` names."""
    arn = console.request.GET.get("arn", "")
    form = PemForm(console.posted)
    if form.is_valid():
        request = {**form.request(), **({"certificateArn": arn} if arn else {})}
        if console.submit(form, "ImportCertificate", request, _OURS) is not None:
            messages.success(console.request, "Renewed. It is shown within a second." if arn else "Kept.")
            return redirect("console:certificates")
    title = "Renew certificate" if arn else "Import certificate"
    note = f"It takes the place of {arn}." if arn else "A certificate and its private key, in PEM."
    return _form_page(console, title, note, form, "Renew" if arn else "Import")


@console_page("GET", "POST")
def generate_certificate(console: Console) -> HttpResponseBase:
    """Make a certificate that signs itself."""
    form = SelfSignedForm(console.posted)
    if form.is_valid():
        request = {"domainNames": form.cleaned_data["names"]}
        if console.submit(form, "GenerateCertificate", request, _OURS) is not None:
            messages.success(console.request, "Made. Clients have to be told to trust it.")
            return redirect("console:certificates")
    note = "For development: it signs itself, so clients have to be told to trust it."
    return _form_page(console, "Make certificate", note, form, "Make certificate")


@console_page("POST")
def delete_certificate(console: Console) -> HttpResponseBase:
    """Delete a certificate that no name shows."""
    request = {"certificateArn": console.request.POST.get("arn", "")}
    console.attempt("The certificate is gone.", "DeleteCertificate", request, _OURS)
    return redirect("console:certificates")


@console_page("GET", "POST")
def put_truststore(console: Console) -> HttpResponseBase:
    """Say what stands for a trust store's address."""
    given = {name: console.request.GET[name] for name in ("uri", "version") if console.request.GET.get(name)}
    form = TruststoreForm(console.posted, initial=given)
    if form.is_valid() and console.submit(form, "PutTruststore", form.request(), _OURS) is not None:
        messages.success(console.request, "Kept. Names that have it let in nobody else within a second.")
        return redirect("console:certificates")
    note = "The certificates of authorities whose clients names with mutual TLS let in."
    return _form_page(console, "Put trust store", note, form, "Keep trust store")


@console_page("POST")
def delete_truststore(console: Console) -> HttpResponseBase:
    """Delete a trust store that no name has."""
    posted = console.request.POST
    request = {"truststoreUri": posted.get("uri", "")}
    if posted.get("version"):
        request["truststoreVersion"] = posted["version"]
    console.attempt("The trust store is gone.", "DeleteTruststore", request, _OURS)
    return redirect("console:certificates")


def _form_page(
    console: Console, title: str, note: str, form: PemForm | SelfSignedForm | TruststoreForm, submit: str
) -> HttpResponseBase:
    back = reverse("console:certificates")
    return console.page(
        "console/form_page.html",
        section=SECTION,
        title=title,
        note=note,
        form=form,
        submit=submit,
        back=back,
        trail=[{"label": "Domain certificates", "url": back}, {"label": title}],
        status=422 if form.errors else 200,
    )
