"""The portal's components: template tags with named arguments, shown in every state on /components."""

import datetime as dt
from typing import Any

from django import template
from django.forms import BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from seatwright.web import formats, states

register = template.Library()
NOTICE_ICONS = {"info": "info-circle", "good": "circle-check", "warn": "alert-triangle", "bad": "alert-circle"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite, silent to screen readers: the words beside it say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.simple_block_tag
def card(content: str, title: str = "", hint: str = "", kind: str = "") -> SafeString:
    """A surface with an optional title; `kind` is empty, tight (a table inside) or accent (to decide on)."""
    return render_to_string("components/card.html", {"content": content, "title": title, "hint": hint, "kind": kind})


@register.simple_block_tag
def notice(content: str, kind: str = "info", title: str = "") -> SafeString:
    """A message within the page: info, good, warn or bad; warn and bad are announced."""
    values = {"content": content, "kind": kind, "title": title, "icon_name": NOTICE_ICONS[kind]}
    return render_to_string("components/notice.html", values)


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:
    """A modal dialog, opened by any element with `data-dialog-open="<id>"`; without scripts it shows in the page."""
    return render_to_string("components/dialog.html", {"content": content, "id": id, "title": title})


@register.simple_block_tag
def table(content: str, caption: str, hide_caption: bool = True) -> SafeString:
    """A table that scrolls by itself when too wide and becomes cards on a phone (cells carry `data-label`)."""
    return render_to_string(
        "components/table.html", {"content": content, "caption": caption, "hide_caption": hide_caption}
    )


@register.simple_block_tag
def button(
    content: str, kind: str = "", href: str = "", type: str = "submit", name: str = "", value: str = ""
) -> SafeString:
    """A button, or a link that looks like one when `href` is given; `kind` is empty, primary, danger or quiet."""
    values = {"content": content, "kind": kind, "href": href, "type": type, "name": name, "value": value}
    return render_to_string("components/button.html", values)


@register.simple_tag
def status(state: str) -> SafeString:
    """The state as a badge in words, never by colour alone; an unknown state shows its own name."""
    shown = states.shown(state=str(state))
    return format_html(
        '<span class="status status-{}">{}<span>{}</span></span>', shown.tone, icon(shown.icon), shown.label
    )


@register.simple_tag
def number(value: int | None) -> SafeString:
    """A whole number as the language writes it; a dash for None."""
    if value is None:
        return format_html('<span class="none" aria-label="{}">–</span>', _("not known"))
    return format_html('<data class="number" value="{}">{}</data>', value, formats.number(value=value))


@register.simple_tag
def money(value: Any, currency: str = "") -> SafeString:
    """An amount with its currency; takes a Money, or minor units and a currency; a dash for None."""
    if value is None:
        return format_html('<span class="none" aria-label="{}">–</span>', _("no price"))
    minor = value if isinstance(value, int) else value.minor
    code = currency or value.currency
    return format_html(
        '<data class="money" value="{}">{}</data>',
        formats.plain_money(minor=minor, currency=code),
        formats.money(minor=minor, currency=code),
    )


@register.simple_tag
def day(value: dt.date | None) -> SafeString:
    """A calendar date; a dash for None."""
    if value is None:
        return format_html('<span class="none" aria-label="{}">–</span>', _("not known"))
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.day(value=value))


@register.simple_tag(takes_context=True)
def instant(context: Context, value: dt.datetime | None, zone: str = "") -> SafeString:
    """An instant in the zone given, else in the reader's, with its UTC time; a dash for None."""
    if value is None:
        return format_html('<span class="none" aria-label="{}">–</span>', _("not known"))
    local, utc = formats.instant(value=value, zone_name=zone or str(context.get("time_zone", "UTC")))
    stamp = value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if not utc:
        return format_html('<time datetime="{}">{}</time>', stamp, local)
    return format_html('<time datetime="{}">{} <span class="utc">({})</span></time>', stamp, local, utc)


@register.simple_tag(takes_context=True)
def ago(context: Context, value: dt.datetime | None) -> SafeString:
    """An instant whose distance from now is shown and kept fresh by a script; without scripts, the instant."""
    if value is None:
        return format_html('<span class="none">{}</span>', _("never"))
    local, _utc = formats.instant(value=value, zone_name=str(context.get("time_zone", "UTC")))
    stamp = value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return format_html('<time datetime="{}" data-ago title="{}">{}</time>', stamp, local, local)


@register.simple_tag
def stepper(name: str, value: object, label: str, described_by: str = "", is_invalid: bool = False) -> SafeString:
    """A quantity: a text field that takes digits, with buttons for one fewer and one more that need a script."""
    values = {"name": name, "value": value, "label": label, "described_by": described_by, "is_invalid": is_invalid}
    return render_to_string("components/stepper.html", values)


@register.simple_tag
def field(bound: BoundField, hint: str = "", has_focus: bool = False) -> SafeString:
    """A form field with its label, hint and error tied together; one of a page may take the focus."""
    described = " ".join(
        part
        for part in (
            f"{bound.auto_id}_hint" if hint or bound.help_text else "",
            f"{bound.auto_id}_error" if bound.errors else "",
        )
        if part
    )
    is_box = getattr(bound.field.widget, "input_type", "") == "checkbox"
    attributes: dict[str, str | bool] = {"class": "form-check-input" if is_box else "form-control"}
    if described:
        attributes["aria-describedby"] = described
    if bound.errors:
        attributes["aria-invalid"] = "true"
    if has_focus:
        attributes["autofocus"] = True
    return render_to_string(
        "components/field.html",
        {
            "bound": bound,
            "hint": hint or bound.help_text,
            "widget": bound.as_widget(attrs=attributes),
            "is_box": is_box,
        },
    )
