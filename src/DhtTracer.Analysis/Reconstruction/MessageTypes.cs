namespace DhtTracer.Analysis.Reconstruction;

/// <summary>Message types as written in spans and logs.</summary>
internal static class MessageTypes
{
    /// <summary>
    /// Whether an answer to this message names peers. An unknown type counts: a type is only unknown for answers that name peers.
    /// </summary>
    public static bool NamesPeers(MessageType type) =>
        type is MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue or MessageType.Unknown;

    /// <summary>Reads <c>FIND_NODE</c> and the like; null for anything else.</summary>
    public static MessageType? Parse(string? text) =>
        text switch
        {
            "FIND_NODE" => MessageType.FindNode,
            "GET_PROVIDERS" => MessageType.GetProviders,
            "GET_VALUE" => MessageType.GetValue,
            "PUT_VALUE" => MessageType.PutValue,
            "ADD_PROVIDER" => MessageType.AddProvider,
            "PING" => MessageType.Ping,
            _ => null,
        };
}
