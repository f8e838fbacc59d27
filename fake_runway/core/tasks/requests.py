"""From the body of a create to what a task is asked for: model, price, output."""

from fake_runway.core.lifecycles.task import TASK_ENDPOINTS
from fake_runway.core.tasks.models import cost, estimate, substitute, usage_id
from fake_runway.core.tasks.orders import NOT_READ, InputMedia, Output
from fake_runway.core.tasks.prices import DEFAULT_PRICE
from fake_runway.core.tasks.table import MODELS
from fake_runway.core.tasks.task import MOST_FILES, OutputForm, TaskRequest
from fake_runway.core.types import Json


def request_of(
    operation: str,
    body: Json,
    *,
    media: InputMedia = NOT_READ,
    endpoint: str = "",
    default_price: float = DEFAULT_PRICE,
) -> TaskRequest:
    """Return what the valid body of a create asks for.

    Args:
        media: what is known of the files that it names.
        endpoint: whose body it is, as a path below /v1/; empty: the operation's own.
        default_price: what a task costs whose price is not known.
    """
    endpoint = endpoint or TASK_ENDPOINTS[operation]
    model = MODELS.find(endpoint, body) or substitute(endpoint, body)
    order, estimated = model.order(body, media), estimate(model, body, media, default=default_price)
    file_format, (width, height) = order.extension, order.pixels
    if order.kind is Output.AUDIO and not {"format", "outputFormat"} & body.keys():
        file_format = "wav"  # no other sound can be made yet
    return TaskRequest(
        operation,
        usage_id(model, body),
        model.limited_as or model.id,
        model.quota,
        estimated,
        cost(estimated),
        model.typical_s,
        OutputForm(
            file_format,
            min(order.count, MOST_FILES),
            0 if order.kind is Output.AUDIO else width,
            0 if order.kind is Output.AUDIO else height,
            order.seconds,
        ),
        unpriced=(f"{endpoint} {model.id}",) if model.price is None else (),
    )
