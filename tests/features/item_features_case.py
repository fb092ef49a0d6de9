"""What tests of item features share."""

import torch

TRAIN_COUNTS = torch.tensor([3, 1, 0, 2])
