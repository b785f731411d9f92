"""What request validators ask of methods, and the models that this needs: read for the methods that a document will have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from apps.core.json_schemas import BrokenModel, model_validators, reached_models
from apps.deployments.refusals import NotDeployable
from apps.rest_apis.models import Method, RestApi


class Asked(NamedTuple):
    """What is validated of a method's requests."""

    parameters: bool = False
    body: bool = False


class FrozenValidation(NamedTuple):
    """What validators ask for, by their ids, and the schemas by name of every model that bodies are validated against."""

    validators: dict[str, Asked]
    models: dict[str, str]

    def asked_of(self, method: Method) -> Asked:
        """What is validated of a method's requests."""
        return self.validators.get(method.request_validator_id or "", Asked())


def frozen_validation(rest_api: RestApi, methods: Iterable[Method]) -> FrozenValidation:
    """Reads what the validators of these methods need. Raises `NotDeployable` for a model whose schema cannot be used."""
    methods = [method for method in methods if method.request_validator_id]
    if not methods:
        return FrozenValidation({}, {})
    rows = rest_api.request_validators.values_list(
        "validator_id", "validate_request_parameters", "validate_request_body"
    )
    validators = {validator_id: Asked(parameters, body) for validator_id, parameters, body in rows}
    validation = FrozenValidation(validators, {})
    names = {name for method in methods if validation.asked_of(method).body for name in method.request_models.values()}
    return FrozenValidation(validators, _models(rest_api, names))


def _models(rest_api: RestApi, names: set[str]) -> dict[str, str]:
    if not names:
        return {}
    try:
        models = reached_models(names, dict(rest_api.models.values_list("name", "schema")))
        validator = model_validators(rest_api.id, models)
        # Those that refer to few first: what is wrong is told of the model that it is wrong in.
        for name in sorted(models, key=lambda name: (len(reached_models([name], models)), name)):
            validator(name)
    except BrokenModel as error:
        raise NotDeployable(f"Invalid model schema specified: {error}") from None
    return models
