"""What tests of data share."""

MAPPING = ["--user", "uid", "--item", "sku", "--time", "ts", "--rating", "stars"]

ITEMS = ["--items", "goods.csv", "--field", "title=name"]
