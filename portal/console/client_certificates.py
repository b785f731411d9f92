"""Client certificates: by what back ends know that a call comes from the gateway."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.gate import Console, console_page
from portal.console.paging import page_of_answer


@console_page("GET")
def client_certificates(console: Console) -> HttpResponseBase:
    """The certificates, with the day on which each ends."""
    return console.page(
        "console/client_certificates.html",
        section="client-certificates",
        pages=page_of_answer(console, "GetClientCertificates"),
        cli=command_samples(
            console, [Command("GetClientCertificates"), Command("GenerateClientCertificate", {"description": "ours"})]
        ),
    )


@console_page("POST")
def generate_certificate(console: Console) -> HttpResponseBase:
    """A new certificate, valid for a year."""
    description = console.request.POST.get("description", "").strip()[:1024]
    done = "The certificate is there. Stages show it once they choose it."
    console.attempt(done, "GenerateClientCertificate", {"description": description} if description else {})
    return redirect("console:client_certificates")


@console_page("GET")
def download_certificate(console: Console, certificate_id: str) -> HttpResponseBase:
    """The certificate for the back end's list of whom to trust. Its private key never leaves."""
    shape = console.call("GetClientCertificate", {"clientCertificateId": certificate_id})
    name = f'attachment; filename="{shape["clientCertificateId"]}.pem"'
    headers = {"Content-Disposition": name}
    return HttpResponse(shape["pemEncodedCertificate"], content_type="application/x-pem-file", headers=headers)


@console_page("POST")
def describe_certificate(console: Console, certificate_id: str) -> HttpResponseBase:
    """Describe a certificate anew."""
    patch = {"op": "replace", "path": "/description", "value": console.request.POST.get("description", "").strip()}
    request = {"clientCertificateId": certificate_id, "patchOperations": [patch]}
    console.attempt("The description is saved.", "UpdateClientCertificate", request)
    return redirect("console:client_certificates")


@console_page("POST")
def delete_certificate(console: Console, certificate_id: str) -> HttpResponseBase:
    """Delete a certificate that no stage shows; which stage shows it is told otherwise."""
    request = {"clientCertificateId": certificate_id}
    console.attempt("The certificate is gone.", "DeleteClientCertificate", request)
    return redirect("console:client_certificates")
