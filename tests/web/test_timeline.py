"""The one line of time of a licence: what is wished, what is being bought and what was done, beside each other."""

import html
import re
import uuid

from django.test import Client
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.orders import queries as orders
from tests.web import scene as scenes
from tests.web.test_editor import plain
from tests.web.test_renewal import wish


def line_of_time(client: Client, key: uuid.UUID) -> tuple[list[str], list[str], list[str]]:
    """Titles and details of what is ahead, under way and past, as the page says them."""
    page = client.get(reverse("subscription", args=[key])).content.decode()
    part = page[page.index('id="timeline"') : page.index("</details>", page.index('id="timeline"'))]
    lists = re.findall(r'<ol class="course">(.*?)</ol>', part, re.DOTALL)
    told = [[plain(each) for each in re.findall(r"<li>(.*?)</div></li>", one, re.DOTALL)] for one in lists]
    return (told[0], told[1], told[2]) if "<h3>Under way</h3>" in part else (told[0], [], told[1])


def test_a_wish_and_a_purchase_under_way_stand_on_one_line_in_the_order_of_time(
    owner: Client, scene: scenes.Scene
) -> None:
    key = scenes.sell(scene)
    assert wish(owner, key, total="9").status_code == 303
    book_three_more(owner, scene, key)
    ahead, under_way, past = line_of_time(owner, key)
    assert [re.sub(r" \w{3} \d.*", "", each) for each in ahead] == [
        "The next billing period begins",
        "The renewal is fixed",
        "This licence renews with 9 seats.",
    ]
    assert "9 seats in all change take back being stored" in ahead[2]
    assert [re.sub(r" since .*?UTC\)", "", each) for each in under_way] == [
        "The wishes for the renewal are being stored at the vendor",
        "A change to 13 seats is under way Follow the order",
    ]
    assert [each.partition(" Tue ")[0] for each in past] == [
        "Taken over as found at the vendor: +10, 10 seats then",
        "Renewal planned",
    ]
    assert past[1].endswith("North Owner")
    (order,) = orders.orders(seen_by=SYSTEM, customer_id=scene.customers["north"]).rows
    assert reverse("order", args=[order.order_id]) in owner.get(reverse("subscription", args=[key])).content.decode()


def book_three_more(owner: Client, scene: scenes.Scene, key: uuid.UUID) -> None:
    """Thirteen seats instead of ten, and the wish follows."""
    typed = {f"total-{key}": "13", f"direction-{key}": "more", f"by-{key}": "", f"base-{key}": "10"}
    path = owner.post(reverse("review", args=[scene.customers["north"]]), typed).headers["Location"]
    found = re.search(r'name="key" value="([^"]+)"', owner.get(path).content.decode())
    assert found is not None
    booked = owner.post(f"{path}/book", {"key": html.unescape(found.group(1)), f"wish-{key}": "follows"})
    assert booked.status_code == 303
