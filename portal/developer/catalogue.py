"""What the portal offers: published products, as cards and as pages. Reads only, each with a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404

from apps.control_plane.paging import page
from apps.portals.audiences import shown_to
from apps.portals.models import Product, ProductPlan, ProductStage, Visibility
from portal.developer.applications import Visitor
from portal.developer.limits import LimitWords, limit_words
from portal.developer.published import Facts, facts_of, reference_of
from portal.developer.reference import Reference

LONGEST_SEARCH = 100
PAGE_SIZE = 60


@dataclass(frozen=True)
class OfferedApi:
    """An API stage in a product. `slug` names it in addresses; a stage whose reference is not there yet is `pending`."""

    row: ProductStage
    facts: Facts

    @property
    def slug(self) -> str:
        return f"{self.api_id}-{self.stage_name}"

    @property
    def api_id(self) -> str:
        return self.row.api_id

    @property
    def stage_name(self) -> str:
        return self.row.of.name

    @property
    def name(self) -> str:
        return self.row.api.name

    @property
    def pending(self) -> bool:
        return not self.row.reference_deployment_id

    @property
    def operation_count(self) -> int:
        return self.facts.operation_count

    @property
    def protocol(self) -> str:
        """REST, HTTP or WEBSOCKET."""
        return self.row.protocol

    @property
    def websocket(self) -> bool:
        return self.protocol == "WEBSOCKET"

    @property
    def version(self) -> str:
        """What the product calls it, else what its definition says."""
        return self.row.version or self.facts.version

    @property
    def reference(self) -> Reference:
        return reference_of(self.row)


@dataclass(frozen=True)
class OfferedPlan:
    """A plan under which a product is offered."""

    row: ProductPlan

    @property
    def id(self) -> str:
        return self.row.plan.plan_id

    @property
    def name(self) -> str:
        return self.row.plan.name

    @property
    def description(self) -> str:
        return self.row.plan.description or ""

    @property
    def approval_required(self) -> bool:
        return self.row.approval_required

    @cached_property
    def words(self) -> LimitWords:
        return limit_words(self.row.plan)


class Offer:
    """A published product as a visitor sees it."""

    def __init__(self, product: Product, facts: dict[int, Facts]) -> None:
        self.product = product
        self.slug = product.slug
        self.name = product.name
        self.summary = product.summary
        self.apis = [OfferedApi(row, facts[row.pk]) for row in product.stages.all()]
        self.plans = [OfferedPlan(row) for row in product.plans.all()]

    @property
    def successor(self) -> Product | None:
        """What to use instead, where it is there for everybody who is told."""
        found = self.product.successor
        return found if found is not None and found.published and found.visibility == Visibility.PUBLIC else None

    @property
    def initial(self) -> str:
        return self.name[:1].upper() or "?"

    @property
    def operation_count(self) -> int:
        return sum(api.operation_count for api in self.apis)

    @property
    def pending(self) -> bool:
        """Whether no reference has been rendered for any of its APIs."""
        return all(api.pending for api in self.apis)

    @property
    def version(self) -> str:
        return next((api.version for api in self.apis if api.version), "")

    @property
    def open_plan(self) -> OfferedPlan | None:
        """The first plan that nobody has to approve: what "Get a key" means when no plan was chosen."""
        return next((plan for plan in self.plans if not plan.approval_required), None)

    def api(self, slug: str) -> OfferedApi | None:
        return next((api for api in self.apis if api.slug == slug), None)

    def plan(self, plan_id: str) -> OfferedPlan | None:
        return next((plan for plan in self.plans if plan.id == plan_id), None)


def offers(visitor: Visitor, search: str = "", *, account: str = "") -> list[Offer]:
    """The published products that the visitor is shown, by name, at most `PAGE_SIZE`; every word of `search` must be in the name or the summary.

    With `account`, those of that account alone.
    """
    shown = list(_matching(visitor, search, account).order_by("name", "pk")[:PAGE_SIZE])
    facts = facts_of(row for product in shown for row in product.stages.all())
    return [Offer(product, facts) for product in shown]


def offers_page(
    visitor: Visitor, search: str, position: str, limit: int, *, account: str = ""
) -> tuple[list[Offer], str | None]:
    """As `offers`, a page at a time, and the position of the next page; raises BadRequestException for a position that is none."""
    found, following = page(_matching(visitor, search, account), {"limit": limit, "position": position}, "name", "pk")
    facts = facts_of(row for product in found for row in product.stages.all())
    return [Offer(product, facts) for product in found], following


def offer(visitor: Visitor, slug: str) -> Offer:
    """A published product; raises Http404 for one that is unknown, not published, or not for this visitor."""
    product = _published(visitor).filter(slug=slug).first()
    if product is None:
        raise Http404("No such product.")
    return Offer(product, facts_of(product.stages.all()))


def _matching(visitor: Visitor, search: str, account: str) -> QuerySet[Product]:
    products = _published(visitor)
    if account:
        products = products.filter(account_id=account)
    for word in search[:LONGEST_SEARCH].split():
        products = products.filter(Q(name__icontains=word) | Q(summary__icontains=word) | Q(slug__icontains=word))
    return products


def _published(visitor: Visitor) -> QuerySet[Product]:
    # Somebody may be in several audiences of one product.
    shown = Product.objects.filter(shown_to(visitor), published=True).values("pk")
    return (
        Product.objects.filter(pk__in=shown)
        .select_related("successor")
        .prefetch_related(
            # References are large, and read only where facts_of and reference_of do not know them yet.
            Prefetch(
                "stages",
                ProductStage.objects.defer("reference")
                .select_related("stage__rest_api", "v2_stage__api")
                .order_by("pk"),
            ),
            Prefetch("plans", ProductPlan.objects.select_related("plan").order_by("position", "pk")),
        )
    )
