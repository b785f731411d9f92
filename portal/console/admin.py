"""Django admin for those who run the installation: people, teams, keys without their secrets, and the audit log to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.accounts.models import AccessKey, Account, AuditEvent, Membership, User
from apps.deployments.publisher import publish_credentials

admin.site.unregister(Group)


class MembershipInline(TabularInline):
    """The accounts that a person belongs to, or the people of an account: to look at, and to give a new account its owner.

    Everything else about them is done in the console, by operations that are audited.
    """

    model = Membership
    extra = 0
    autocomplete_fields = ("user", "account")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MayChangeWhoSigns(ModelAdmin):
    """Rows that decide who can sign calls of APIs: the data plane is told whenever one is changed here."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        _publish_all_credentials()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        _publish_all_credentials()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        super().delete_queryset(request, queryset)
        _publish_all_credentials()


def _publish_all_credentials() -> None:
    # A person may belong, or have belonged, to several accounts.
    for account_id in Account.objects.order_by("pk").values_list("pk", flat=True):
        publish_credentials(account_id)


class ReadOnly(ModelAdmin):
    """Rows that are looked at and never touched here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(UserAdmin, MayChangeWhoSigns):
    """People, developers of the portal included."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_staff", "is_active", "last_login")
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "email", "password1", "password2")}),)
    inlines = (MembershipInline,)


@admin.register(Account)
class AccountAdmin(MayChangeWhoSigns):
    """Accounts and their teams. An account is never deleted here: everything in it would go along."""

    list_display = ("name", "id", "created")
    search_fields = ("name", "id")
    readonly_fields = ("created",)
    inlines = (MembershipInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    """Who may do what in which account. The console's page of people changes it."""

    list_display = ("user", "account_name", "role")
    list_filter = ("role",)
    search_fields = ("user__username", "user__email", "account__name", "account__id")
    list_select_related = ("user", "account")

    @admin.display(ordering="account__name", description="Account")
    def account_name(self, membership: Membership) -> str:
        return f"{membership.account.name} ({membership.account_id})"


@admin.register(AccessKey)
class AccessKeyAdmin(ReadOnly):
    """Key pairs, without their secrets. They are made and switched in the console."""

    fields = list_display = ("id", "account", "user", "active", "created")
    list_filter = ("active",)
    search_fields = ("id", "user__username", "account__id")
    list_select_related = ("user", "account")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("secret")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    """What was changed, in all accounts."""

    list_display = ("at", "operation", "principal", "via", "resource", "error")
    list_filter = ("via", "operation")
    search_fields = ("principal", "resource", "request_id")
    date_hierarchy = "at"
    show_full_result_count = False
