"""The operations on profiles and their types."""

from __future__ import annotations

from senlin_container.api import answers, operation
from senlin_container.api.controllers import catalog
from senlin_container.api.schemas import profiles as schemas

OPERATIONS: tuple[operation.Operation, ...] = (
    operation.get(
        "profile_type_list",
        "List the profile types",
        "/v1/profile-types",
        catalog.list_profile_types,
        "profile_types:index",
        answers.many("profile_types", answers.PROFILE_TYPE_LINE),
    ),
    operation.get(
        "profile_type_show",
        "Show the schema of a profile type",
        "/v1/profile-types/{profile_type}",
        catalog.show_profile_type,
        "profile_types:get",
        answers.one("profile_type", answers.PROFILE_TYPE),
    ),
    operation.get(
        "profile_type_operations",
        "List the operations of a profile type",
        "/v1/profile-types/{profile_type}/ops",
        catalog.list_profile_type_operations,
        "profile_types:ops",
        answers.one("operations", answers.TYPE_OPERATIONS),
        since=(1, 4),
    ),
    operation.get(
        "profile_list",
        "List profiles",
        "/v1/profiles",
        catalog.list_profiles,
        "profiles:index",
        answers.many("profiles", answers.PROFILE),
        query=schemas.PROFILE_LIST,
    ),
    operation.get(
        "profile_show",
        "Show a profile",
        "/v1/profiles/{profile_id}",
        catalog.show_profile,
        "profiles:get",
        answers.one("profile", answers.PROFILE),
    ),
    operation.Operation(
        name="profile_create",
        title="Create a profile",
        method="POST",
        path="/v1/profiles",
        handler=catalog.create_profile,
        policy="profiles:create",
        success=201,
        errors=(404,),
        body=schemas.PROFILE_CREATE,
        answer=answers.one("profile", answers.PROFILE),
    ),
    operation.Operation(
        name="profile_validate",
        title="Validate the spec of a profile",
        method="POST",
        path="/v1/profiles/validate",
        handler=catalog.validate_profile,
        policy="profiles:validate",
        errors=(404,),
        since=(1, 2),
        body=schemas.PROFILE_VALIDATE,
        answer=answers.one("profile", answers.VALIDATED_PROFILE),
    ),
    operation.Operation(
        name="profile_update",
        title="Update a profile",
        method="PATCH",
        path="/v1/profiles/{profile_id}",
        handler=catalog.update_profile,
        policy="profiles:update",
        errors=(404,),
        body=schemas.PROFILE_UPDATE,
        answer=answers.one("profile", answers.PROFILE),
    ),
    operation.Operation(
        name="profile_delete",
        title="Delete a profile",
        method="DELETE",
        path="/v1/profiles/{profile_id}",
        handler=catalog.delete_profile,
        policy="profiles:delete",
        success=204,
        errors=(404, 409),
        answer=None,
    ),
)
