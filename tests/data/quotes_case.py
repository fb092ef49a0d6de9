"""What tests of quotes share."""

import pytest

from ltgnn.types import UserError
from tests.data.readers import reader

HEAD = "user_id,item_id,time,query\n"


def said(folder, data="table", **changes):
    with pytest.raises(UserError) as caught:
        reader(data, **changes)(folder)
    return str(caught.value)
