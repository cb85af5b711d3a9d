"""The table of operations: everything that people can do with a node, whether it runs or not."""

from hedgerow_node.commands import (
    devices,
    discover,
    health,
    identity,
    importing,
    library,
    links,
    marking,
    people,
    recovery,
    reports,
    seeding,
    sharing,
    statements,
    takedowns,
    trails,
    transfer,
)
from hedgerow_node.commands.operation import Operation, long_operation, operation
from hedgerow_node.config import MAX_IMPORT_REQUEST, MAX_RESTORE_REQUEST

OPERATIONS: tuple[Operation, ...] = (
    operation("status", "GET", "/status", health.Status, health.status),
    operation("doctor", "GET", "/doctor", health.Doctor, health.doctor),
    # The private library
    operation("add", "POST", "/items", library.AddItem, library.add),
    operation("items", "GET", "/items", library.ListItems, library.items),
    operation("remove", "DELETE", "/items", library.OneItem, library.remove),
    operation("folders", "GET", "/folders", library.ListFolders, library.folders),
    operation("collection", "GET", "/collection", library.ListCollection, library.collection),
    operation("note", "PUT", "/notes", library.NoteOn, library.note),
    long_operation(
        "import", "POST", "/import", importing.ImportFile, importing.import_file, MAX_IMPORT_REQUEST
    ),
    operation("import undo", "DELETE", "/import", importing.UndoImport, importing.undo_import),
    # What one says in public
    long_operation("share", "POST", "/share", sharing.Share, sharing.share),
    operation("endorse", "POST", "/endorse", statements.EndorseThing, statements.endorse),
    operation("connect", "POST", "/connect", statements.ConnectThings, statements.connect),
    operation("comment", "POST", "/comment", statements.CommentOn, statements.comment),
    operation("attest", "POST", "/attest", marking.AttestThing, marking.attest),
    operation("label", "POST", "/label", marking.LabelThing, marking.label),
    operation("edit", "PUT", "/messages/{message}", statements.Edit, statements.edit),
    operation("retract", "POST", "/retract", statements.Withdraw, statements.retract),
    # Trails
    operation("trails", "GET", "/trails", trails.ListTrails, trails.trails),
    operation("trail", "GET", "/trails/{trail}", trails.OneTrail, trails.show_trail),
    operation("trail new", "POST", "/trails", trails.NewTrail, trails.new_trail),
    operation("trail fork", "POST", "/trails/{trail}/forks", trails.ForkTrail, trails.fork_trail),
    operation("trail edit", "PUT", "/trails/{trail}", trails.EditTrail, trails.edit_trail),
    operation("trail done", "PUT", "/trails/{trail}/done", trails.StepsDone, trails.steps_done),
    # People
    operation("profile", "GET", "/profile", people.ShowProfile, people.show_profile),
    operation("profile set", "PUT", "/profile", people.SetProfile, people.set_profile),
    operation("people", "GET", "/people", people.ListPeople, people.people),
    operation("person", "GET", "/people/{did}", people.OnePerson, people.person),
    operation("follow", "PUT", "/follows/{did}", people.FollowPerson, people.follow),
    operation("unfollow", "DELETE", "/follows/{did}", people.OnePerson, people.unfollow),
    operation("mute", "PUT", "/mutes/{did}", people.OnePerson, people.mute),
    operation("unmute", "DELETE", "/mutes/{did}", people.OnePerson, people.unmute),
    operation("block", "PUT", "/blocks/{did}", people.OnePerson, people.block),
    operation("unblock", "DELETE", "/blocks/{did}", people.OnePerson, people.unblock),
    operation("takedown", "POST", "/takedowns", takedowns.TakeDown, takedowns.take_down),
    operation("takedown undo", "DELETE", "/takedowns", takedowns.OneTakedown, takedowns.undo),
    operation("takedowns", "GET", "/takedowns", takedowns.ListTakedowns, takedowns.takedowns),
    operation("report", "POST", "/reports", reports.ReportThing, reports.report),
    operation("reports", "GET", "/reports", reports.ListReports, reports.reports),
    operation("reports settle", "DELETE", "/reports/{number}", reports.OneReport, reports.settle),
    operation("vouch", "PUT", "/vouches/{did}", marking.VouchFor, marking.vouch),
    operation("introduce", "POST", "/introduce", marking.IntroducePeople, marking.introduce),
    # Finding
    operation("search", "GET", "/search", discover.Search, discover.search),
    operation("feed", "GET", "/feed", discover.Feed, discover.feed),
    operation("topics", "GET", "/topics", discover.ListTopics, discover.topics),
    operation("show", "GET", "/things", discover.ShowThing, discover.show),
    operation("statements", "GET", "/statements", discover.ListStatements, discover.statements),
    operation("message", "GET", "/messages/{message}", discover.ShowMessage, discover.show_message),
    # Identity
    operation("identity", "GET", "/identity", identity.ShowIdentity, identity.show),
    operation("identity words", "GET", "/identity/words", identity.ShowWords, identity.words),
    operation("identity confirm", "PUT", "/identity/words", identity.ConfirmWords, identity.confirm_words),
    operation(
        "identity passphrase",
        "PUT",
        "/identity/passphrase",
        identity.ChangePassphrase,
        identity.change_passphrase,
    ),
    operation("identity adopt", "POST", "/identity/adopt", identity.Adopt, identity.adopt),
    operation("identity devices", "GET", "/identity/devices", devices.ListDevices, devices.devices),
    operation("identity code", "POST", "/identity/codes", devices.MakeCode, devices.code),
    operation("identity add-device", "POST", "/identity/devices", devices.AddDevice, devices.add),
    long_operation("identity join-device", "POST", "/identity/join", devices.JoinDevice, devices.join),
    operation(
        "identity remove-device", "DELETE", "/identity/devices/{device}", devices.RemoveDevice, devices.remove
    ),
    long_operation(
        "identity restore",
        "POST",
        "/identity/restore",
        recovery.RestoreIdentity,
        recovery.restore_identity,
        MAX_RESTORE_REQUEST,
    ),
    operation("identity new-words", "POST", "/identity/words", recovery.NewWords, recovery.new_words),
    operation("identity close", "POST", "/identity/close", recovery.CloseIdentity, recovery.close_identity),
    # Other nodes
    operation("invite", "POST", "/invites", links.MakeInvite, links.invite),
    long_operation("join", "POST", "/join", links.Join, links.join),
    operation("peers", "GET", "/peers", links.ListPeers, links.peers),
    long_operation("sync", "POST", "/sync", links.Sync, links.sync),
    # A seed
    operation("seed members", "GET", "/seed/members", seeding.ListMembers, seeding.members),
    operation("seed remove-member", "DELETE", "/seed/members/{did}", people.OnePerson, seeding.remove_member),
    operation("seed end-invite", "DELETE", "/seed/invites/{invite}", seeding.OneInvite, seeding.end_invite),
    operation("seed backup", "POST", "/seed/backup", seeding.MakeBackup, seeding.backup),
    # Everything in one file
    operation("export", "GET", "/export", transfer.Export, transfer.export),
    operation("export keys", "POST", "/export", transfer.ExportWithKeys, transfer.export_with_keys),
    long_operation("restore", "POST", "/restore", transfer.Restore, transfer.restore, MAX_RESTORE_REQUEST),
)
BY_NAME = {operation.name: operation for operation in OPERATIONS}
