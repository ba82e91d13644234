using DhtTracer.Traces.Model;
using Google.Protobuf.Collections;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Extracts the OTLP fields that Jaeger carries as tags. The remaining tags are the span's attributes.</summary>
/// <remarks>
/// A tag is extracted only if this loses nothing: a <c>span.kind</c> of "gateway" or an <c>error</c> that is a string stays an attribute.
/// If several tags have the same key, the last one counts, because <see cref="JaegerSpanWriter"/> writes these tags after the attributes.
/// </remarks>
internal sealed class TagFields
{
    private TagFields() { }

    public List<KeyValuePair<string, AttributeValue>> Attributes { get; } = [];

    public string ScopeName { get; private set; } = "";

    public string ScopeVersion { get; private set; } = "";

    public SpanKind Kind { get; private set; }

    public SpanStatus? Status { get; private set; }

    public string TraceState { get; private set; } = "";

    public uint DroppedAttributes { get; private set; }

    public uint DroppedEvents { get; private set; }

    public uint DroppedLinks { get; private set; }

    public static TagFields Take(RepeatedField<Proto.KeyValue> tags)
    {
        var fields = new TagFields();
        StatusCode? code = null;
        string? description = null;
        int scopeAt = -1,
            versionAt = -1,
            kindAt = -1,
            codeAt = -1,
            descriptionAt = -1,
            errorAt = -1,
            stateAt = -1;
        int droppedAttributesAt = -1,
            droppedEventsAt = -1,
            droppedLinksAt = -1;
        var errorText = false;
        for (var index = tags.Count - 1; index >= 0; index--)
        {
            var tag = tags[index];
            switch (tag.Key)
            {
                case JaegerTags.ScopeName or JaegerTags.LibraryName when scopeAt < 0 && IsText(tag):
                    scopeAt = index;
                    fields.ScopeName = tag.VStr;
                    break;
                case JaegerTags.ScopeVersion or JaegerTags.LibraryVersion when versionAt < 0 && IsText(tag):
                    versionAt = index;
                    fields.ScopeVersion = tag.VStr;
                    break;
                case JaegerTags.SpanKind when kindAt < 0 && IsText(tag) && Array.IndexOf(JaegerTags.Kinds, tag.VStr) is var kind and > 0:
                    kindAt = index;
                    fields.Kind = (SpanKind)kind;
                    break;
                case JaegerTags.StatusCode when codeAt < 0 && IsText(tag) && tag.VStr is "OK" or "ERROR":
                    codeAt = index;
                    code = tag.VStr == "OK" ? StatusCode.Ok : StatusCode.Error;
                    break;
                case JaegerTags.StatusDescription when descriptionAt < 0 && IsText(tag):
                    descriptionAt = index;
                    description = tag.VStr;
                    break;
                case JaegerTags.Error when errorAt < 0 && tag.VType == Proto.ValueType.Bool && tag.VBool:
                    errorAt = index;
                    break;
                case JaegerTags.Error when tag.VType == Proto.ValueType.String && tag.VStr == "true":
                    errorText = true;
                    break;
                case JaegerTags.TraceState when stateAt < 0 && IsText(tag):
                    stateAt = index;
                    fields.TraceState = tag.VStr;
                    break;
                case JaegerTags.DroppedAttributes when droppedAttributesAt < 0 && IsCount(tag):
                    droppedAttributesAt = index;
                    fields.DroppedAttributes = (uint)tag.VInt64;
                    break;
                case JaegerTags.DroppedEvents when droppedEventsAt < 0 && IsCount(tag):
                    droppedEventsAt = index;
                    fields.DroppedEvents = (uint)tag.VInt64;
                    break;
                case JaegerTags.DroppedLinks when droppedLinksAt < 0 && IsCount(tag):
                    droppedLinksAt = index;
                    fields.DroppedLinks = (uint)tag.VInt64;
                    break;
                default:
                    break;
            }
        }

        // An "error" tag contradicts a status of OK, so it stays an attribute.
        if (code == StatusCode.Ok)
        {
            errorAt = -1;
        }

        code ??= errorAt >= 0 || errorText ? StatusCode.Error : null;
        fields.Status = code is null && description is null ? null : new SpanStatus(code ?? StatusCode.Unset, description ?? "");

        for (var index = 0; index < tags.Count; index++)
        {
            var tag = tags[index];
            var isTaken =
                index == scopeAt
                || index == versionAt
                || index == kindAt
                || index == codeAt
                || index == descriptionAt
                || index == errorAt
                || index == stateAt
                || index == droppedAttributesAt
                || index == droppedEventsAt
                || index == droppedLinksAt
                || fields.RepeatsScope(tag);
            if (!isTaken)
            {
                fields.Attributes.Add(KeyValuePair.Create(tag.Key, JaegerSpanReader.ReadValue(tag)));
            }
        }

        return fields;
    }

    // OpenTelemetry's exporters write the scope under both its old and its new name.
    private bool RepeatsScope(Proto.KeyValue tag) =>
        IsText(tag)
        && (
            (tag.Key is JaegerTags.LibraryName or JaegerTags.ScopeName && tag.VStr == ScopeName)
            || (tag.Key is JaegerTags.LibraryVersion or JaegerTags.ScopeVersion && tag.VStr == ScopeVersion)
        );

    private static bool IsText(Proto.KeyValue tag) => tag.VType == Proto.ValueType.String && tag.VStr.Length > 0;

    private static bool IsCount(Proto.KeyValue tag) => tag.VType == Proto.ValueType.Int64 && tag.VInt64 is > 0 and <= uint.MaxValue;
}
