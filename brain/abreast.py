"""What environments have in common whose lanes are columns of arrays and step together."""

from __future__ import annotations

from typing import Any

from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices


class Abreast(VecEnv):
    """Lanes that share every attribute and are no objects of their own."""

    def close(self) -> None:
        """Nothing is held open."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The attribute, once per lane asked for: lanes share it."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set the attribute of all lanes; a single lane has none of its own."""
        if len(list(self._get_indices(indices))) != self.num_envs:
            raise ValueError(f"{attr_name} is shared by all lanes; set it without indices")
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: VecEnvIndices = None, **kwargs: Any
    ) -> list[Any]:
        """Lanes are columns of arrays, not objects, and have no methods."""
        raise AttributeError(f"lanes have no method {method_name!r}; call it on the environment")

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """False for every lane asked for: lanes cannot be wrapped one by one."""
        return [False for _ in self._get_indices(indices)]
